// Who has asked for work that is done later: kept with the work, as JSON, and asked again for his permissions when
// it is done. What conditions of policies can be about is what it was when he asked, but for the time.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseTenantId } from '../../metadata/record-ids.ts'
import { Query } from '../../protocol/s3/request-target.ts'
import type { Authorize, RequestContext } from './authorize.ts'
import type { Session, User } from './identity.ts'
import type { Asker } from './require.ts'
import type { SignatureNote } from './signature-note.ts'

type Kept = {
  readonly tenant: string
  readonly user: string
  readonly key: string
  /** Unique, of the user. Absent also where it was kept before there was one. */
  readonly id?: string
  readonly session?: Session
  readonly from?: string
  readonly encrypted: boolean
  readonly agent?: string
  readonly referer?: string
  readonly signature?: Pick<SignatureNote, 'version' | 'by'>
}

/** Nothing secret is in it. */
export function keepAsker(identity: User, context: RequestContext): string {
  const { session, userId } = identity
  const [from, signature] = [context.sourceIp(), context.signature()]
  const { userAgent, referer } = context
  const kept: Kept = {
    ...{ tenant: identity.tenantId, user: identity.userName, key: identity.accessKeyId },
    encrypted: context.isEncrypted,
    ...(userId === undefined ? {} : { id: userId }),
    ...(session === undefined ? {} : { session }),
    ...(from === undefined ? {} : { from }),
    ...(userAgent === undefined ? {} : { agent: userAgent }),
    ...(referer === undefined ? {} : { referer }),
    ...(signature && { signature: { version: signature.version, by: signature.by } }),
  }
  return JSON.stringify(kept)
}

/** Undefined: his tenant is gone, or is refused all. A session that has expired since is one still. */
export type RecallAsker = (
  kept: string,
) => Promise<(Asker & { readonly identity: User }) | undefined>

export type RecallDeps = {
  readonly metadata: Pick<MetadataStore, 'tenants'>
  readonly authorize: Authorize
  readonly now: () => number
}

export function makeRecallAsker({ metadata, authorize, now }: RecallDeps): RecallAsker {
  return async (text) => {
    const kept: Kept = JSON.parse(text)
    const tenantId = parseTenantId(kept.tenant)
    const tenant = tenantId && (await metadata.tenants.get(tenantId))
    if (tenant?.status !== 'active') return undefined
    const { id: userId, session, signature } = kept
    const identity: User = {
      ...{ is: 'user', tenantId: tenant.id, namespace: tenant.namespace },
      ...{ userName: kept.user, accessKeyId: kept.key },
      ...(userId === undefined ? {} : { userId }),
      ...(session === undefined ? {} : { session }),
    }
    const context: RequestContext = {
      ...{ headers: {}, query: new Query([]), userAgent: kept.agent, referer: kept.referer },
      signature: () => signature && { ...signature, accessKeyId: kept.key },
      ...{ isEncrypted: kept.encrypted, sourceIp: () => kept.from, now },
    }
    return { identity, decider: authorize({ identity, context }) }
  }
}
