// UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy and DeleteRole.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
import type { RoleDocument } from '../../../metadata/identity-records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { nameKey } from '../iam-names.ts'
import { readPolicyText } from '../policies/checked-document.ts'
import { descriptionRule } from '../policies/create-policy.ts'
import { requireHolder } from '../policies/holder.ts'
import { noteBoundary } from '../policies/permissions-boundary.ts'
import { sessionSeconds } from './create-role.ts'
import { changeRole, roleOf } from './found-role.ts'
import { renderRoleInFull } from './render-role.ts'
import { checkTrust, requirePrincipals } from './trust-policy.ts'

/** Sessions last an hour at most where it is not said, also where it was said before. */
export const updateRole: QueryAction = async (call) => {
  const description = call.parameters.optional('Description', descriptionRule)
  const seconds = call.parameters.integer('MaxSessionDuration', sessionSeconds)
  await changeRole(call, { action: 'iam:UpdateRole' }, async (role) => ({
    ...role,
    description: description ?? role.description,
    sessionSecondsMax: seconds ?? sessionSeconds.from,
  }))
  return ''
}

export const updateRoleDescription: QueryAction = async (call) => {
  const description = call.parameters.text('Description', descriptionRule)
  let changed: RoleDocument | undefined
  await changeRole(call, { action: 'iam:UpdateRoleDescription' }, async (role) => {
    changed = { ...role, description }
    return changed
  })
  const { tenantId } = call.identity
  return changed && parent('Role', renderRoleInFull(tenantId, changed))
}

export const updateAssumeRolePolicy: QueryAction = async (call) => {
  const text = readPolicyText(call.parameters, 'PolicyDocument')
  await changeRole(call, { action: 'iam:UpdateAssumeRolePolicy' }, async (role, account) => {
    const trust = checkTrust(text)
    const trusted = await requirePrincipals(account, call.identity.tenantId, trust.document)
    return { ...role, trust: trust.text, trusted }
  })
  return undefined
}

/** Its sessions end with it: they are of its id, which nobody gets again. */
export const deleteRole: QueryAction = async (call) => {
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const asked = { kind: 'role', action: 'iam:DeleteRole' } as const
    const { name, attached, inline, boundary } = roleOf(await requireHolder(call, asked, account))
    if (attached.length > 0) {
      throw new QueryError(
        'DeleteConflict',
        'Cannot delete entity, must detach all policies first.',
      )
    }
    if (inline.length > 0) {
      throw new QueryError('DeleteConflict', 'Cannot delete entity, must delete policies first.')
    }
    account.remove('role', nameKey(name))
    noteBoundary(account, { kind: 'role', name, policyArn: boundary }, 'removed')
  })
  return undefined
}
