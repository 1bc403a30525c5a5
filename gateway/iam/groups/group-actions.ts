// Which function serves which action on groups.
import type { QueryAction } from '../../query/query-action.ts'
import { createGroup } from './create-group.ts'
import { deleteGroup } from './delete-group.ts'
import { getGroup } from './get-group.ts'
import { addUserToGroup, removeUserFromGroup } from './group-members.ts'
import { listGroups, listGroupsForUser } from './list-groups.ts'
import { updateGroup } from './update-group.ts'

export const groupActions: Readonly<Record<string, QueryAction>> = {
  AddUserToGroup: addUserToGroup,
  CreateGroup: createGroup,
  DeleteGroup: deleteGroup,
  GetGroup: getGroup,
  ListGroups: listGroups,
  ListGroupsForUser: listGroupsForUser,
  RemoveUserFromGroup: removeUserFromGroup,
  UpdateGroup: updateGroup,
}
