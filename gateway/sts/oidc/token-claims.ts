// What claims of a token mean: condition keys of policies, and what the issuer gives the session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
import { z } from 'zod'
import { lowerAscii } from '../../../protocol/policy/ascii-case.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { readSourceIdentity } from '../session-names.ts'
import { areTags, checkTags, noTags, type SessionTags } from '../session-tags.ts'
import type { WebIdentity } from './web-identity.ts'

type Keys = Readonly<Record<string, string | readonly string[]>>
type Identity = Pick<WebIdentity, 'providerName' | 'audience' | 'claims'>

const claimsMax = 200

/** All claims that are texts, numbers, truths, or lists of texts, as `PROVIDER:claim`, in lower case. */
export function claimKeys({ providerName, audience, claims }: Identity): Keys {
  const keys = new Map<string, string | readonly string[]>()
  const twice = new Set<string>()
  for (const [name, value] of Object.entries(claims).slice(0, claimsMax)) {
    const read = readValue(value)
    const key = lowerAscii(`${providerName}:${name}`)
    // Of two names that differ in case alone nobody knows which a policy means.
    if (keys.has(key)) twice.add(key)
    if (read !== undefined) keys.set(key, read)
  }
  for (const key of twice) keys.delete(key)
  const own = (name: string) => lowerAscii(`${providerName}:${name}`)
  const original = readValue(claims.aud)
  if (claims.azp !== undefined && original !== undefined) keys.set(own('oaud'), original)
  keys.set(own('aud'), audience)
  if (typeof claims.sub === 'string') keys.set(own('sub'), claims.sub)
  return Object.fromEntries(keys)
}

/** Those that the session has as long as it lives. */
export function lastingKeys(identity: Identity): Keys {
  const keys = claimKeys(identity)
  const lasting = ['sub', 'aud', 'amr'].flatMap((name) => {
    const key = lowerAscii(`${identity.providerName}:${name}`)
    const value = keys[key]
    return value === undefined ? [] : [[key, value] as const]
  })
  return Object.fromEntries(lasting)
}

function readValue(value: unknown): string | readonly string[] | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined
  }
}

const tagsClaim = z.object({
  principal_tags: z.record(z.string(), z.union([z.string(), z.tuple([z.string()])])),
  transitive_tag_keys: z.array(z.string()).default([]),
})

/** Throws `InvalidIdentityToken`, and what `checkTags` throws. */
export function tagsOf({ claims }: Pick<WebIdentity, 'claims'>): SessionTags {
  const claim = claims['https://aws.amazon.com/tags']
  if (claim === undefined) return noTags
  const read = tagsClaim.safeParse(claim)
  if (!read.success) throw notOfThisForm('tags')
  const tags = Object.entries(read.data.principal_tags).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? value : value[0],
  }))
  if (!areTags(tags)) throw notOfThisForm('tags')
  return checkTags({ tags, transitiveKeys: read.data.transitive_tag_keys })
}

/** Throws `InvalidIdentityToken`, `ValidationError`. */
export function sourceIdentityOf({ claims }: Pick<WebIdentity, 'claims'>): string | undefined {
  const claim = claims['https://aws.amazon.com/source_identity']
  if (claim === undefined) return undefined
  if (typeof claim !== 'string') throw notOfThisForm('source_identity')
  return readSourceIdentity(claim)
}

function notOfThisForm(name: string): QueryError {
  return new QueryError(
    'InvalidIdentityToken',
    `The claim https://aws.amazon.com/${name} of the token is not of its form.`,
  )
}
