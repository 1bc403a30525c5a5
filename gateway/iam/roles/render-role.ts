// Roles in answers. https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
import type { RoleDocument } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import { iamArn } from '../../access/owner.ts'
import { renderTags } from '../iam-tags.ts'
import { renderBoundary } from '../policies/permissions-boundary.ts'
import { encodeDocument } from '../policies/render-policy.ts'

/** As lists have it: without boundary and tags. */
export function renderRole(tenantId: TenantId, role: RoleDocument): string {
  return [
    element('Path', role.path),
    element('RoleName', role.name),
    element('RoleId', role.id),
    element('Arn', iamArn(tenantId, 'role', role)),
    element('CreateDate', queryTime(role.createdMs)),
    element('AssumeRolePolicyDocument', encodeDocument(role.trust)),
    element('Description', role.description || undefined),
    element('MaxSessionDuration', role.sessionSecondsMax),
  ].join('')
}

export function renderRoleInFull(tenantId: TenantId, role: RoleDocument): string {
  return renderRole(tenantId, role) + renderBoundary(role.boundary) + renderTags(role.tags)
}
