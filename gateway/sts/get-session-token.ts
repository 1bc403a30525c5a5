// GetSessionToken: temporary credentials of a user for himself. Nobody has to be allowed it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
import { QueryError } from '../../protocol/query/query-error.ts'
import { rootUserName, type User } from '../access/identity.ts'
import { isRootUser } from '../access/standing.ts'
import type { QueryAction, QueryServices } from '../query/query-action.ts'
import { refuseMfa } from './assume-role.ts'
import { beginSession } from './begin-session.ts'
import { refuseSessions } from './require-sts.ts'
import { readUserSeconds } from './session-names.ts'

export const getSessionToken: QueryAction = async (call) => {
  const { parameters, identity, services } = call
  const isRoot = isRootUser(identity)
  const seconds = readUserSeconds(parameters, { isRoot })
  refuseMfa(parameters)
  refuseSessions('GetSessionToken', identity)
  const ownerId = await ownerIdOf(services, identity)
  const { arn } = await services.standings.now(identity)
  const { tenantId, userName } = identity
  const session = { of: 'user', name: userName, ownerId, seconds } as const
  return beginSession(call, { tenantId, userName, arn }, session).credentials
}

/** Of a user with a key of his own. Throws `AccessDenied` when there is no such user any more. */
export async function ownerIdOf(
  { standings }: Pick<QueryServices, 'standings'>,
  identity: User,
): Promise<string> {
  if (isRootUser(identity)) return rootUserName
  const { userId, isRevoked } = await standings.now(identity)
  if (isRevoked) throw new QueryError('AccessDenied', 'Access Denied')
  return userId
}
