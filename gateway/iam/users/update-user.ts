// UpdateUser: another name, another path. What knows the user by his name goes along.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { nameKeyRows } from '../access-keys/key-rows.ts'
import { type AccountDraft, changeAccount } from '../change-account.ts'
import { existingNameRule, nameKey, pathRule, userNameRule } from '../iam-names.ts'
import { entityExists } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'
import { findUser, refuseRootName } from './found-user.ts'
import { membershipKey, putAttachments, removeAttachments } from './user-attachments.ts'

export const updateUser: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const name = parameters.text('UserName', existingNameRule)
  const newName = parameters.optional('NewUserName', userNameRule)
  const newPath = parameters.optional('NewPath', pathRule)
  const { identities } = services.metadata
  const renamed = await changeAccount(identities, identity.tenantId, async (account) => {
    const user = await findUser(call, { name, action: 'iam:UpdateUser', account })
    const after = { ...user, name: newName ?? user.name, path: newPath ?? user.path }
    await move(call, account, { user, after })
    return after
  })
  // Also when nothing has changed: what an earlier call did not get done is made good.
  await nameKeyRows(services, identity.tenantId, renamed)
  return undefined
}

type Move = { readonly user: UserDocument; readonly after: UserDocument }

/** Throws `AccessDenied`, `InvalidInput`, `EntityAlreadyExists`. */
async function move(call: QueryCall, account: AccountDraft, { user, after }: Move): Promise<void> {
  if (after.name === user.name && after.path === user.path) return
  const arn = iamArn(call.identity.tenantId, 'user', after)
  await requireAction(call, 'iam:UpdateUser', { arn, tags: user.tags })
  refuseRootName(after.name)
  const [from, to] = [nameKey(user.name), nameKey(after.name)]
  if (from !== to && (await account.get('user', to)) !== undefined) {
    throw entityExists('user', after.name)
  }
  account.remove('user', from)
  removeAttachments(account, 'user', user)
  for (const group of user.groups) account.remove('membership', membershipKey(group, from))
  account.put('user', to, after)
  putAttachments(account, 'user', after)
  for (const group of user.groups) {
    account.put('membership', membershipKey(group, to), { userName: after.name })
  }
}
