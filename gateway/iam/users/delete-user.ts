// DeleteUser: only of one who has nothing any more.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { existingNameRule, nameKey } from '../iam-names.ts'
import { deleteConflict } from '../no-such-entity.ts'
import { findUser } from './found-user.ts'
import { removeAttachments } from './user-attachments.ts'

export const deleteUser: QueryAction = async (call) => {
  const name = call.parameters.text('UserName', existingNameRule)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const user = await findUser(call, { name, action: 'iam:DeleteUser', account })
    refuseInUse(user)
    account.remove('user', nameKey(user.name))
    // A boundary goes with him.
    removeAttachments(account, 'user', user)
  })
  return undefined
}

/** Throws `DeleteConflict`. */
function refuseInUse({ accessKeys, attached, inline, groups, login }: UserDocument): void {
  if (groups.length > 0) throw deleteConflict('must remove users from group first')
  if (attached.length > 0) throw deleteConflict('must detach all policies first')
  if (inline.length > 0) throw deleteConflict('must delete policies first')
  if (accessKeys.length > 0) throw deleteConflict('must delete access keys first')
  if (login !== undefined) throw deleteConflict('must delete login profile first')
}
