// ListGroups, and ListGroupsForUser. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html
import { iamArn } from '../../access/owner.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { existingNameRule, nameKey, pathPrefixRule } from '../iam-names.ts'
import { listPage, pageOf, readPage, renderPage } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { findUser } from '../users/found-user.ts'
import { renderGroup } from './found-group.ts'

export const listGroups: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const page = readPage(parameters)
  const prefix = parameters.optional('PathPrefix', pathPrefixRule) ?? '/'
  const arn = iamArn(tenantId, 'group', { path: prefix, name: '' })
  await requireAction(call, 'iam:ListGroups', { arn })
  const found = await listPage(services.metadata.identities, tenantId, {
    ...page,
    kind: 'group',
    isWanted: ({ document }) => document.path.startsWith(prefix),
  })
  return renderPage('Groups', found, ({ document }) => renderGroup(tenantId, document))
}

export const listGroupsForUser: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const page = readPage(parameters)
  const name = parameters.text('UserName', existingNameRule)
  const user = await findUser(call, { name, action: 'iam:ListGroupsForUser' })
  const refs = user.groups.map((group) => ({ kind: 'group' as const, name: group }))
  const { entries } = await services.metadata.identities.getMany(tenantId, refs)
  const groups = entries.flatMap((entry) => (entry?.kind === 'group' ? [entry.document] : []))
  const sorted = groups.sort((a, b) => (nameKey(a.name) < nameKey(b.name) ? -1 : 1))
  const found = pageOf(sorted, (group) => nameKey(group.name), page)
  return renderPage('Groups', found, (group) => renderGroup(tenantId, group))
}
