// Asks whether a caller may do something in his account, and refuses as IAM does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
import { QueryError } from '../../protocol/query/query-error.ts'
import type { IdentityResource } from '../access/authorize.ts'
import type { QueryCall } from '../query/query-action.ts'

/** `action` as in `iam:GetUser`. Throws `AccessDenied`. */
export async function requireAction(
  { identity, services, decider }: Pick<QueryCall, 'identity' | 'services' | 'decider'>,
  action: string,
  resource: Omit<IdentityResource, 'tenantId'>,
): Promise<void> {
  const { tenantId } = identity
  if (await decider.allows(action, { is: 'identity', tenantId, ...resource })) return
  const { arn } = await services.standings.now(identity)
  throw new QueryError(
    'AccessDenied',
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource.arn}`,
  )
}
