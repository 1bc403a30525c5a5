// What users, groups and who is in them should be, as plainly as it can be said: maps in this process. Outcomes as
// `FormAnswer.outcome` has them.

type Parameters = Readonly<Record<string, string>>
export type Step = { readonly action: string; readonly parameters: Parameters }

type ModelUser = { name: string; keys: number; readonly groups: Set<ModelGroup> }
type ModelGroup = { name: string }

const noSuchEntity = 'NoSuchEntity 404'
const exists = 'EntityAlreadyExists 409'
const conflict = 'DeleteConflict 409'
const tooMany = 'LimitExceeded 409'

export class UsersAndGroupsModel {
  private readonly users = new Map<string, ModelUser>()
  private readonly groups = new Map<string, ModelGroup>()

  /** The outcome. */
  do({ action, parameters }: Step): string {
    const { UserName = '', NewUserName = '', GroupName = '', NewGroupName = '' } = parameters
    switch (action) {
      case 'CreateUser':
        if (this.user(UserName) !== undefined) return exists
        this.users.set(UserName.toLowerCase(), { name: UserName, keys: 0, groups: new Set() })
        return '200'
      case 'UpdateUser':
        return rename(this.users, UserName, NewUserName)
      case 'DeleteUser':
        return this.deleteUser(UserName)
      case 'CreateGroup':
        if (this.group(GroupName) !== undefined) return exists
        this.groups.set(GroupName.toLowerCase(), { name: GroupName })
        return '200'
      case 'UpdateGroup':
        return rename(this.groups, GroupName, NewGroupName)
      case 'DeleteGroup':
        return this.deleteGroup(GroupName)
      case 'AddUserToGroup':
      case 'RemoveUserFromGroup':
        return this.changeMembership(action, { UserName, GroupName })
      case 'CreateAccessKey':
        return this.createKey(UserName)
      default:
        throw new Error(`the model does not know ${action}`)
    }
  }

  /** Names, sorted as IAM lists them. */
  get userNames(): readonly string[] {
    return sorted([...this.users.values()].map(({ name }) => name))
  }

  get groupNames(): readonly string[] {
    return sorted([...this.groups.values()].map(({ name }) => name))
  }

  groupsOf(userName: string): readonly string[] {
    return sorted([...(this.user(userName)?.groups ?? [])].map(({ name }) => name))
  }

  membersOf(groupName: string): readonly string[] {
    const group = this.group(groupName)
    const members = [...this.users.values()].filter(({ groups }) => group && groups.has(group))
    return sorted(members.map(({ name }) => name))
  }

  keysOf(userName: string): number {
    return this.user(userName)?.keys ?? 0
  }

  private user(name: string): ModelUser | undefined {
    return this.users.get(name.toLowerCase())
  }

  private group(name: string): ModelGroup | undefined {
    return this.groups.get(name.toLowerCase())
  }

  private deleteUser(name: string): string {
    const user = this.user(name)
    if (user === undefined) return noSuchEntity
    if (user.groups.size > 0 || user.keys > 0) return conflict
    this.users.delete(name.toLowerCase())
    return '200'
  }

  private deleteGroup(name: string): string {
    if (this.group(name) === undefined) return noSuchEntity
    if (this.membersOf(name).length > 0) return conflict
    this.groups.delete(name.toLowerCase())
    return '200'
  }

  private changeMembership(
    action: 'AddUserToGroup' | 'RemoveUserFromGroup',
    { UserName, GroupName }: { readonly UserName: string; readonly GroupName: string },
  ): string {
    const [user, group] = [this.user(UserName), this.group(GroupName)]
    if (user === undefined || group === undefined) return noSuchEntity
    if (action === 'RemoveUserFromGroup') return user.groups.delete(group) ? '200' : noSuchEntity
    if (!user.groups.has(group) && user.groups.size >= 10) return tooMany
    user.groups.add(group)
    return '200'
  }

  private createKey(name: string): string {
    const user = this.user(name)
    if (user === undefined) return noSuchEntity
    if (user.keys >= 2) return tooMany
    user.keys += 1
    return '200'
  }
}

function rename<Named extends { name: string }>(
  all: Map<string, Named>,
  name: string,
  newName: string,
): string {
  const [from, to] = [name.toLowerCase(), newName.toLowerCase()]
  const found = all.get(from)
  if (found === undefined) return noSuchEntity
  if (from !== to && all.has(to)) return exists
  all.delete(from)
  found.name = newName
  all.set(to, found)
  return '200'
}

function sorted(names: readonly string[]): readonly string[] {
  return [...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
}
