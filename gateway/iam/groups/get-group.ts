// GetGroup: the group, and a page of who is in it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { groupNameRule, nameKey } from '../iam-names.ts'
import { listPage, readPage, renderPage } from '../iam-page.ts'
import { accountOf } from '../users/found-user.ts'
import { renderUser } from '../users/render-user.ts'
import { membershipKey } from '../users/user-attachments.ts'
import { findGroup, renderGroup } from './found-group.ts'

export const getGroup: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const page = readPage(parameters)
  const name = parameters.text('GroupName', groupNameRule)
  const group = await findGroup(call, { name, action: 'iam:GetGroup', account: accountOf(call) })
  const found = await listPage(services.metadata.identities, tenantId, {
    ...{ ...page, kind: 'membership', prefix: membershipKey(nameKey(name), '') },
  })
  const users = await usersOf(
    call,
    found.items.map(({ document }) => document.userName),
  )
  const shown = { items: users, next: found.next }
  return (
    parent('Group', renderGroup(tenantId, group)) +
    renderPage('Users', shown, (user) => renderUser(tenantId, user))
  )
}

/** Whoever has gone since the names were read is left out. */
async function usersOf(
  { services, identity }: QueryCall,
  names: readonly string[],
): Promise<readonly UserDocument[]> {
  if (names.length === 0) return []
  const refs = names.map((name) => ({ kind: 'user' as const, name: nameKey(name) }))
  const { entries } = await services.metadata.identities.getMany(identity.tenantId, refs)
  return entries.flatMap((entry) => (entry?.kind === 'user' ? [entry.document] : []))
}
