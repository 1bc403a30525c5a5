// Which function serves which action on policies and on who has them.
import type { QueryActions } from '../../query/query-action.ts'
import { getAccountAuthorizationDetails } from './account-details.ts'
import { attachPolicy, detachPolicy, listAttachedPolicies } from './attach-policy.ts'
import {
  createPolicyVersion,
  deletePolicyVersion,
  setDefaultPolicyVersion,
} from './change-policy-versions.ts'
import { createPolicy } from './create-policy.ts'
import { deletePolicy } from './delete-policy.ts'
import {
  deleteInlinePolicy,
  getInlinePolicy,
  listInlinePolicies,
  putInlinePolicy,
} from './inline-policies.ts'
import { listEntitiesForPolicy } from './list-entities.ts'
import { deletePermissionsBoundary, putPermissionsBoundary } from './permissions-boundary.ts'
import { listPolicyTags, tagPolicy, untagPolicy } from './policy-tags.ts'
import { getPolicyVersion, listPolicyVersions } from './policy-versions.ts'
import { getPolicy, listPolicies } from './read-policies.ts'

export const policyActions: QueryActions['signed'] = {
  CreatePolicy: createPolicy,
  GetPolicy: getPolicy,
  ListPolicies: listPolicies,
  DeletePolicy: deletePolicy,
  CreatePolicyVersion: createPolicyVersion,
  GetPolicyVersion: getPolicyVersion,
  ListPolicyVersions: listPolicyVersions,
  SetDefaultPolicyVersion: setDefaultPolicyVersion,
  DeletePolicyVersion: deletePolicyVersion,
  ListEntitiesForPolicy: listEntitiesForPolicy,
  TagPolicy: tagPolicy,
  UntagPolicy: untagPolicy,
  ListPolicyTags: listPolicyTags,

  AttachUserPolicy: attachPolicy('user'),
  AttachGroupPolicy: attachPolicy('group'),
  AttachRolePolicy: attachPolicy('role'),
  DetachUserPolicy: detachPolicy('user'),
  DetachGroupPolicy: detachPolicy('group'),
  DetachRolePolicy: detachPolicy('role'),
  ListAttachedUserPolicies: listAttachedPolicies('user'),
  ListAttachedGroupPolicies: listAttachedPolicies('group'),
  ListAttachedRolePolicies: listAttachedPolicies('role'),

  PutUserPolicy: putInlinePolicy('user'),
  PutGroupPolicy: putInlinePolicy('group'),
  PutRolePolicy: putInlinePolicy('role'),
  GetUserPolicy: getInlinePolicy('user'),
  GetGroupPolicy: getInlinePolicy('group'),
  GetRolePolicy: getInlinePolicy('role'),
  DeleteUserPolicy: deleteInlinePolicy('user'),
  DeleteGroupPolicy: deleteInlinePolicy('group'),
  DeleteRolePolicy: deleteInlinePolicy('role'),
  ListUserPolicies: listInlinePolicies('user'),
  ListGroupPolicies: listInlinePolicies('group'),
  ListRolePolicies: listInlinePolicies('role'),

  PutUserPermissionsBoundary: putPermissionsBoundary('user'),
  PutRolePermissionsBoundary: putPermissionsBoundary('role'),
  DeleteUserPermissionsBoundary: deletePermissionsBoundary('user'),
  DeleteRolePermissionsBoundary: deletePermissionsBoundary('role'),

  GetAccountAuthorizationDetails: getAccountAuthorizationDetails,
}
