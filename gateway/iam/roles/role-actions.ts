// Which function serves which action on roles.
import type { QueryActions } from '../../query/query-action.ts'
import {
  deleteRole,
  updateAssumeRolePolicy,
  updateRole,
  updateRoleDescription,
} from './change-role.ts'
import { createRole } from './create-role.ts'
import { getRole, listInstanceProfilesForRole, listRoles } from './read-roles.ts'
import { listRoleTags, tagRole, untagRole } from './role-tags.ts'

export const roleActions: QueryActions['signed'] = {
  CreateRole: createRole,
  GetRole: getRole,
  ListRoles: listRoles,
  UpdateRole: updateRole,
  UpdateRoleDescription: updateRoleDescription,
  UpdateAssumeRolePolicy: updateAssumeRolePolicy,
  DeleteRole: deleteRole,
  TagRole: tagRole,
  UntagRole: untagRole,
  ListRoleTags: listRoleTags,
  ListInstanceProfilesForRole: listInstanceProfilesForRole,
}
