// CreateOpenIDConnectProvider and DeleteOpenIDConnectProvider.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
import type { OidcProviderDocument } from '../../../metadata/identity-records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { requireRoom } from '../account-quotas.ts'
import { changeAccount } from '../change-account.ts'
import { readTags, renderTags } from '../iam-tags.ts'
import { requireAction } from '../require-action.ts'
import {
  checkClientIds,
  findProvider,
  providerArn,
  readProviderUrl,
  readThumbprints,
} from './found-provider.ts'

const providersMax = 100

export const createProvider: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const url = readProviderUrl(parameters)
  const clientIds = checkClientIds(parameters.list('ClientIDList'))
  const thumbprints = readThumbprints(parameters)
  const tags = readTags(parameters)
  const arn = providerArn(tenantId, url)
  const asked = { arn, requestTags: tags }
  await requireAction(call, 'iam:CreateOpenIDConnectProvider', asked)
  if (tags.length > 0) await requireAction(call, 'iam:TagOpenIDConnectProvider', asked)
  const createdMs = services.now()
  const provider: OidcProviderDocument = { url, clientIds, thumbprints, tags, createdMs }
  await changeAccount(services.metadata.identities, tenantId, async (account) => {
    if ((await account.get('oidcProvider', url)) !== undefined) {
      throw new QueryError(
        'EntityAlreadyExists',
        `Provider with url https://${url} already exists.`,
      )
    }
    const room = { quota: 'OpenIdConnectProvidersPerAccount', limit: providersMax }
    await requireRoom(account, 'oidcProvider', room)
    account.put('oidcProvider', url, provider)
  })
  return element('OpenIDConnectProviderArn', arn) + renderTags(tags)
}

/** One that is not there is deleted already. */
export const deleteProvider: QueryAction = async (call) => {
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const provider = await findProvider(
      call,
      { action: 'iam:DeleteOpenIDConnectProvider' },
      account,
    )
    if (provider !== undefined) account.remove('oidcProvider', provider.url)
  })
  return undefined
}
