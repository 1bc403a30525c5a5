// CreateRole. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
import type { RoleDocument } from '../../../metadata/identity-records.ts'
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { drawId } from '../../access/keys/session-token.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { requireRoom } from '../account-quotas.ts'
import { changeAccount } from '../change-account.ts'
import { nameKey, pathRule, roleNameRule } from '../iam-names.ts'
import { readTags } from '../iam-tags.ts'
import { entityExists } from '../no-such-entity.ts'
import { readPolicyText } from '../policies/checked-document.ts'
import { descriptionRule } from '../policies/create-policy.ts'
import { readPolicyArn } from '../policies/managed-policy.ts'
import { noteBoundary, requireBoundary } from '../policies/permissions-boundary.ts'
import { requireAction } from '../require-action.ts'
import { renderRoleInFull } from './render-role.ts'
import { checkTrust, requirePrincipals } from './trust-policy.ts'

export const sessionSeconds = { from: 3_600, to: 43_200 }
const rolesMax = 1_000

export const createRole: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const name = parameters.text('RoleName', roleNameRule)
  const path = parameters.optional('Path', pathRule) ?? '/'
  const text = readPolicyText(parameters, 'AssumeRolePolicyDocument')
  const description = parameters.optional('Description', descriptionRule) ?? ''
  const seconds = parameters.integer('MaxSessionDuration', sessionSeconds)
  const isBounded = parameters.raw('PermissionsBoundary') !== undefined
  const boundary = isBounded ? readPolicyArn(parameters, 'PermissionsBoundary') : undefined
  const tags = readTags(parameters)
  const asked = {
    ...{ arn: iamArn(tenantId, 'role', { path, name }), requestTags: tags },
    keys: { 'iam:permissionsboundary': boundary },
  }
  await requireAction(call, 'iam:CreateRole', asked)
  if (tags.length > 0) await requireAction(call, 'iam:TagRole', asked)
  const trust = checkTrust(text)
  const role: RoleDocument = {
    ...{ id: drawId('AROA', services.random, 17), name, path, createdMs: services.now() },
    ...{ inline: [], attached: [], tags, description, trust: trust.text },
    sessionSecondsMax: seconds ?? sessionSeconds.from,
    ...(boundary === undefined ? {} : { boundary }),
  }
  await changeAccount(services.metadata.identities, tenantId, async (account) => {
    const key = nameKey(name)
    if ((await account.get('role', key)) !== undefined) throw entityExists('role', name)
    const trusted = await requirePrincipals(account, tenantId, trust.document)
    if (boundary !== undefined) await requireBoundary(account, tenantId, boundary)
    await requireRoom(account, 'role', { quota: 'RolesPerAccount', limit: rolesMax })
    account.put('role', key, { ...role, trusted })
    noteBoundary(account, { kind: 'role', name, policyArn: boundary }, 'put')
  })
  return parent('Role', renderRoleInFull(tenantId, role))
}
