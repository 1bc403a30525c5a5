// An issuer of tokens by its ARN or URL, and a change of it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
import type { OidcProviderDocument } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { constraintError, QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { accountId } from '../../access/owner.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { type AccountDraft, changeAccount } from '../change-account.ts'
import { arnRule } from '../iam-names.ts'
import { type AccountReader, readerOf } from '../policies/managed-policy.ts'
import { requireAction } from '../require-action.ts'

const urlForm = /^https:\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)((?:\/[\w+=,.@:-]*)*)$/i

/**
 * The URL without `https://`, under which the provider lies: an issuer may have a port here. Names of hosts have no case.
 * Throws `ValidationError`.
 */
export function readProviderUrl(parameters: QueryParameters): string {
  const [, host, path] = urlForm.exec(parameters.text('Url', { from: 1, to: 255 })) ?? []
  if (host !== undefined) return host.toLowerCase() + path
  throw new QueryError('ValidationError', 'Invalid Open ID Connect Provider URL')
}

export function providerArn(tenantId: TenantId, url: string): string {
  return `arn:aws:iam::${accountId(tenantId)}:oidc-provider/${url}`
}

const arnForm = /^arn:aws(?:-[a-z]+)*:iam::\d{12}:oidc-provider\/([!-~]{1,255})$/

export type NamedProvider = { readonly arn: string; readonly url: string }

/** Throws `ValidationError`, and `InvalidInput` for what is no ARN of a provider. */
export function readProviderArn(parameters: QueryParameters): NamedProvider {
  const arn = parameters.text('OpenIDConnectProviderArn', arnRule)
  const url = arnForm.exec(arn)?.[1]
  if (url === undefined) throw new QueryError('InvalidInput', `ARN ${arn} is not valid.`)
  return { arn, url }
}

export type ProviderAction = {
  /** As in `iam:GetOpenIDConnectProvider`. */
  readonly action: string
  readonly tags?: Omit<Parameters<typeof requireAction>[2], 'arn' | 'tags'>
}

/** Undefined: there is none. Throws `AccessDenied`. */
export async function findProvider(
  call: QueryCall,
  { action, tags }: ProviderAction,
  account: AccountReader = readerOf(call),
): Promise<OidcProviderDocument | undefined> {
  const { arn, url } = readProviderArn(call.parameters)
  const isOwn = arn === providerArn(call.identity.tenantId, url)
  const found = isOwn ? await account.get('oidcProvider', url) : undefined
  await requireAction(call, action, { arn, ...(found && { tags: found.tags }), ...tags })
  return found
}

/** Throws `AccessDenied`, `NoSuchEntity`. */
export async function requireProvider(
  call: QueryCall,
  asked: ProviderAction,
  account?: AccountReader,
): Promise<OidcProviderDocument> {
  const found = await findProvider(call, asked, account)
  if (found !== undefined) return found
  const { arn } = readProviderArn(call.parameters)
  throw new QueryError('NoSuchEntity', `OpenIDConnect Provider not found for arn ${arn}`)
}

/** Throws what `requireProvider` throws. */
export async function changeProvider(
  call: QueryCall,
  asked: ProviderAction,
  change: (provider: OidcProviderDocument, account: AccountDraft) => OidcProviderDocument,
): Promise<void> {
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const provider = await requireProvider(call, asked, account)
    account.put('oidcProvider', provider.url, change(provider, account))
  })
}

const clientIdsMax = 100
const thumbprintsMax = 5

/** Each once. Throws `ValidationError`, `LimitExceeded`. */
export function checkClientIds(clientIds: readonly string[]): readonly string[] {
  for (const clientId of clientIds) {
    if (clientId.length >= 1 && clientId.length <= 255) continue
    const length = 'Member must have length between 1 and 255'
    throw constraintError(clientId.slice(0, 255), 'ClientIDList', length)
  }
  const each = [...new Set(clientIds)]
  if (each.length <= clientIdsMax) return each
  throw new QueryError(
    'LimitExceeded',
    `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${clientIdsMax}`,
  )
}

/** Throws `ValidationError`, `InvalidInput`. */
export function readThumbprints(parameters: QueryParameters): readonly string[] {
  const thumbprints = parameters.list('ThumbprintList')
  for (const thumbprint of thumbprints) {
    if (/^[0-9a-fA-F]{40}$/.test(thumbprint)) continue
    const form = 'Member must be the 40 hex digits of a SHA-1 digest'
    throw constraintError(thumbprint.slice(0, 80), 'ThumbprintList', form)
  }
  if (thumbprints.length <= thumbprintsMax) return thumbprints
  throw new QueryError(
    'InvalidInput',
    `Thumbprint list must contain no more than ${thumbprintsMax} entries.`,
  )
}
