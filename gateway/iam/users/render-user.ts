// Users as IAM's answers show them.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import { iamArn } from '../../access/owner.ts'
import { renderTags } from '../iam-tags.ts'
import { renderBoundary } from '../policies/permissions-boundary.ts'

/** In lists, which leave out boundary and tags. */
export function renderUser(tenantId: TenantId, user: UserDocument): string {
  return (
    element('Path', user.path) +
    element('UserName', user.name) +
    element('UserId', user.id) +
    element('Arn', iamArn(tenantId, 'user', user)) +
    element('CreateDate', queryTime(user.createdMs))
  )
}

export function renderUserInFull(tenantId: TenantId, user: UserDocument): string {
  return renderUser(tenantId, user) + renderBoundary(user.boundary) + renderTags(user.tags)
}
