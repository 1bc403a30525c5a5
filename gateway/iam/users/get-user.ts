// GetUser: without a name, of the caller himself.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { accountId, rootArn } from '../../access/owner.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { requireAction } from '../require-action.ts'
import { findUser, namedUser } from './found-user.ts'
import { renderUserInFull } from './render-user.ts'

export const getUser: QueryAction = async (call) => {
  const named = namedUser(call)
  if (named.is === 'root') return parent('User', await renderRoot(call))
  const user = await findUser(call, { name: named.name, action: 'iam:GetUser' })
  return parent('User', renderUserInFull(call.identity.tenantId, user))
}

/** It has no name and no path. */
async function renderRoot(call: QueryCall): Promise<string> {
  const { tenantId } = call.identity
  const arn = rootArn(tenantId)
  await requireAction(call, 'iam:GetUser', { arn })
  const tenant = await call.services.metadata.tenants.get(tenantId)
  const created = queryTime(tenant?.createdMs ?? 0)
  return (
    element('UserId', accountId(tenantId)) + element('Arn', arn) + element('CreateDate', created)
  )
}
