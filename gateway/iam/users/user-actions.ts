// Which function serves which action on users.
import type { QueryAction } from '../../query/query-action.ts'
import { createUser } from './create-user.ts'
import { deleteUser } from './delete-user.ts'
import { getUser } from './get-user.ts'
import { listUsers } from './list-users.ts'
import { updateUser } from './update-user.ts'
import { listUserTags, tagUser, untagUser } from './user-tags.ts'

export const userActions: Readonly<Record<string, QueryAction>> = {
  CreateUser: createUser,
  DeleteUser: deleteUser,
  GetUser: getUser,
  ListUsers: listUsers,
  ListUserTags: listUserTags,
  TagUser: tagUser,
  UntagUser: untagUser,
  UpdateUser: updateUser,
}
