// GetRole, ListRoles, and ListInstanceProfilesForRole, which lists nothing: there are no machines here that have roles.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { pathPrefixRule } from '../iam-names.ts'
import { listPage, readPage, renderPage } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { requireRole } from './found-role.ts'
import { renderRole, renderRoleInFull } from './render-role.ts'

/** Trust policies are long. What is asked for beyond is on the next page. */
const rolesAtOnce = 200

export const getRole: QueryAction = async (call) => {
  const role = await requireRole(call, { action: 'iam:GetRole' })
  return parent('Role', renderRoleInFull(call.identity.tenantId, role))
}

export const listRoles: QueryAction = async (call) => {
  const { parameters, identity, services } = call
  const { tenantId } = identity
  const path = parameters.optional('PathPrefix', pathPrefixRule) ?? '/'
  const { after, limit } = readPage(parameters)
  await requireAction(call, 'iam:ListRoles', { arn: '*' })
  const page = await listPage(services.metadata.identities, tenantId, {
    ...{ kind: 'role', after, limit: Math.min(limit, rolesAtOnce) },
    isWanted: ({ document }) => document.path.startsWith(path),
  })
  return renderPage('Roles', page, ({ document }) => renderRole(tenantId, document))
}

export const listInstanceProfilesForRole: QueryAction = async (call) => {
  readPage(call.parameters)
  await requireRole(call, { action: 'iam:ListInstanceProfilesForRole' })
  return renderPage('InstanceProfiles', { items: [], next: undefined }, () => '')
}
