// AddUserToGroup and RemoveUserFromGroup. That a user is in a group stands twice, with him and by itself, so that it is found
// from both ends. https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html
import type { GroupDocument, UserDocument } from '../../../metadata/identity-records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { groupsOfUserMax } from '../account-quotas.ts'
import { type AccountDraft, changeAccount } from '../change-account.ts'
import { existingNameRule, groupNameRule, nameKey } from '../iam-names.ts'
import { limitExceeded, noSuchEntity } from '../no-such-entity.ts'
import { membershipKey } from '../users/user-attachments.ts'
import { findGroup } from './found-group.ts'

export const addUserToGroup: QueryAction = (call) =>
  changeMembership(call, 'iam:AddUserToGroup', ({ account, group, user }) => {
    const [groupKey, userKey] = [nameKey(group.name), nameKey(user.name)]
    if (user.groups.includes(groupKey)) return
    if (user.groups.length >= groupsOfUserMax) throw limitExceeded('GroupsPerUser', groupsOfUserMax)
    account.put('user', userKey, { ...user, groups: [...user.groups, groupKey] })
    account.put('membership', membershipKey(groupKey, userKey), { userName: user.name })
  })

export const removeUserFromGroup: QueryAction = (call) =>
  changeMembership(call, 'iam:RemoveUserFromGroup', ({ account, group, user }) => {
    const [groupKey, userKey] = [nameKey(group.name), nameKey(user.name)]
    if (!user.groups.includes(groupKey)) {
      throw new QueryError('NoSuchEntity', `The user ${user.name} is not in group ${group.name}.`)
    }
    const groups = user.groups.filter((each) => each !== groupKey)
    account.put('user', userKey, { ...user, groups })
    account.remove('membership', membershipKey(groupKey, userKey))
  })

type Both = {
  readonly account: AccountDraft
  readonly group: GroupDocument
  readonly user: UserDocument
}

/** The permission is one of the group alone. */
async function changeMembership(
  call: QueryCall,
  action: string,
  change: (both: Both) => void,
): Promise<undefined> {
  const groupName = call.parameters.text('GroupName', groupNameRule)
  const userName = call.parameters.text('UserName', existingNameRule)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const group = await findGroup(call, { name: groupName, action, account })
    const user = await account.get('user', nameKey(userName))
    if (user === undefined) throw noSuchEntity('user', userName)
    change({ account, group, user })
  })
  return undefined
}
