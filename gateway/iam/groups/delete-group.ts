// DeleteGroup: only of one that has nobody and nothing any more.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
import type { QueryAction } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { groupNameRule, nameKey } from '../iam-names.ts'
import { deleteConflict } from '../no-such-entity.ts'
import { membershipKey } from '../users/user-attachments.ts'
import { findGroup } from './found-group.ts'

export const deleteGroup: QueryAction = async (call) => {
  const name = call.parameters.text('GroupName', groupNameRule)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const group = await findGroup(call, { name, action: 'iam:DeleteGroup', account })
    const prefix = membershipKey(nameKey(name), '')
    const { entries } = await account.list('membership', { prefix, limit: 1 })
    if (entries.length > 0) throw deleteConflict('must remove users from group first')
    if (group.attached.length > 0) throw deleteConflict('must detach all policies first')
    if (group.inline.length > 0) throw deleteConflict('must delete policies first')
    account.remove('group', nameKey(name))
  })
  return undefined
}
