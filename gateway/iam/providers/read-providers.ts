// GetOpenIDConnectProvider and ListOpenIDConnectProviders.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html
import { members, queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { renderTags } from '../iam-tags.ts'
import { requireAction } from '../require-action.ts'
import { providerArn, requireProvider } from './found-provider.ts'

export const getProvider: QueryAction = async (call) => {
  const provider = await requireProvider(call, { action: 'iam:GetOpenIDConnectProvider' })
  return [
    element('Url', provider.url),
    listOf('ClientIDList', provider.clientIds),
    listOf('ThumbprintList', provider.thumbprints),
    element('CreateDate', queryTime(provider.createdMs)),
    renderTags(provider.tags),
  ].join('')
}

function listOf(name: string, texts: readonly string[]): string {
  return `<${name}>${texts.map((text) => element('member', text)).join('')}</${name}>`
}

/** More than an account may have. */
const providersAtOnce = 1_000

export const listProviders: QueryAction = async (call) => {
  const { services, identity } = call
  await requireAction(call, 'iam:ListOpenIDConnectProviders', { arn: '*' })
  const { identities } = services.metadata
  const page = { limit: providersAtOnce }
  const { entries } = await identities.list(identity.tenantId, 'oidcProvider', page)
  return members(
    'OpenIDConnectProviderList',
    entries.map(({ document }) => element('Arn', providerArn(identity.tenantId, document.url))),
  )
}
