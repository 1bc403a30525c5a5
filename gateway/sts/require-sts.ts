// Asks whether a caller may do something of STS, and refuses as STS does.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
import { QueryError } from '../../protocol/query/query-error.ts'
import type { IdentityResource } from '../access/authorize.ts'
import type { User } from '../access/identity.ts'
import type { OpenQueryCall, QueryCall } from '../query/query-action.ts'

/** Throws `AccessDenied`. */
export async function requireSts(
  call: Pick<QueryCall, 'identity' | 'services' | 'decider'>,
  action: string,
  resource: IdentityResource,
): Promise<void> {
  if (await call.decider.allows(action, { is: 'identity', ...resource })) return
  throw await notAuthorized(call, action, resource)
}

/** Also of what is not there: nobody is told which it was. */
export async function notAuthorized(
  { identity, services }: Pick<QueryCall, 'identity' | 'services'>,
  action: string,
  { arn }: Pick<IdentityResource, 'arn'>,
): Promise<QueryError> {
  const { arn: caller } = await services.standings.now(identity)
  return new QueryError(
    'AccessDenied',
    `User: ${caller} is not authorized to perform: ${action} on resource: ${arn}`,
  )
}

/** Of whoever brings a proof from elsewhere. Throws `AccessDenied`. */
export async function requireProvided(
  { decider }: Pick<OpenQueryCall, 'decider'>,
  action: string,
  resource: IdentityResource & { readonly provider: string },
): Promise<void> {
  if (await decider.allows(action, { is: 'identity', ...resource })) return
  throw notProvided(action)
}

export function notProvided(action: string): QueryError {
  return new QueryError('AccessDenied', `Not authorized to perform ${action}`)
}

/** Sessions that a user has got for himself or lent cannot get others. Throws `AccessDenied`. */
export function refuseSessions(action: string, { session }: User): void {
  if (session === undefined) return
  throw new QueryError('AccessDenied', `Cannot call ${action} with session credentials`)
}
