// ListUsers. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
import { iamArn } from '../../access/owner.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { pathPrefixRule } from '../iam-names.ts'
import { listPage, readPage, renderPage } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { renderUser } from './render-user.ts'

export const listUsers: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const page = readPage(parameters)
  const prefix = parameters.optional('PathPrefix', pathPrefixRule) ?? '/'
  const arn = iamArn(tenantId, 'user', { path: prefix, name: '' })
  await requireAction(call, 'iam:ListUsers', { arn })
  const found = await listPage(services.metadata.identities, tenantId, {
    ...page,
    kind: 'user',
    isWanted: ({ document }) => document.path.startsWith(prefix),
  })
  return renderPage('Users', found, ({ document }) => renderUser(tenantId, document))
}
