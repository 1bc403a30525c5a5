// UpdateGroup: another name, another path. All who are in it say so themselves and have to be changed: so many at once, so
// that no commit grows without bound. Meanwhile there are both names, of one and the same group, and whoever is in it
// has its policies by the one or the other. Where it was broken off, the same call goes on.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html
import type { GroupDocument } from '../../../metadata/identity-records.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { type AccountDraft, changeAccount } from '../change-account.ts'
import { groupNameRule, nameKey, pathRule } from '../iam-names.ts'
import { entityExists } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'
import { membershipKey, putAttachments, removeAttachments } from '../users/user-attachments.ts'
import { findGroup } from './found-group.ts'

const membersAtOnce = 100

export const updateGroup: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const name = parameters.text('GroupName', groupNameRule)
  const newName = parameters.optional('NewGroupName', groupNameRule)
  const newPath = parameters.optional('NewPath', pathRule)
  const step = (account: AccountDraft) => moveSome(call, account, { name, newName, newPath })
  const { identities } = services.metadata
  while ((await changeAccount(identities, identity.tenantId, step)) === 'more') {
    // Each step moves some.
  }
  return undefined
}

type Wanted = {
  readonly name: string
  readonly newName: string | undefined
  readonly newPath: string | undefined
}

/** Throws `AccessDenied`, `NoSuchEntity`, `EntityAlreadyExists`. */
async function moveSome(
  call: QueryCall,
  account: AccountDraft,
  { name, newName, newPath }: Wanted,
): Promise<'done' | 'more'> {
  const group = await findGroup(call, { name, action: 'iam:UpdateGroup', account })
  const after = { ...group, name: newName ?? group.name, path: newPath ?? group.path }
  if (after.name === group.name && after.path === group.path) return 'done'
  const arn = iamArn(call.identity.tenantId, 'group', after)
  await requireAction(call, 'iam:UpdateGroup', { arn })
  if (nameKey(after.name) !== nameKey(group.name)) return moveMembers(account, group, after)
  putAttachments(account, 'group', after)
  account.put('group', nameKey(after.name), after)
  return 'done'
}

async function moveMembers(
  account: AccountDraft,
  group: GroupDocument,
  after: GroupDocument,
): Promise<'done' | 'more'> {
  const [from, to] = [nameKey(group.name), nameKey(after.name)]
  const begun = await account.get('group', to)
  if (begun !== undefined && begun.id !== group.id) throw entityExists('group', after.name)
  // What has changed between two steps, has changed under the old name.
  if (begun !== undefined) removeAttachments(account, 'group', begun)
  putAttachments(account, 'group', after)
  account.put('group', to, after)
  const page = { prefix: membershipKey(from, ''), limit: membersAtOnce }
  const { entries, isTruncated } = await account.list('membership', page)
  for (const { name, document } of entries) {
    const key = nameKey(document.userName)
    const user = await account.get('user', key)
    account.remove('membership', name)
    if (user === undefined) continue
    const others = user.groups.filter((each) => each !== from && each !== to)
    account.put('user', key, { ...user, groups: [...others, to] })
    account.put('membership', membershipKey(to, key), document)
  }
  if (isTruncated) return 'more'
  removeAttachments(account, 'group', group)
  account.remove('group', from)
  return 'done'
}
