// GetFederationToken: temporary credentials for somebody whom a user vouches for, with no more than what both the user and
// the policies given with the call allow.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
import { stsArn } from '../access/owner.ts'
import { isRootUser } from '../access/standing.ts'
import type { QueryAction } from '../query/query-action.ts'
import { beginSession, federatedUser } from './begin-session.ts'
import { ownerIdOf } from './get-session-token.ts'
import { refuseSessions, requireSts } from './require-sts.ts'
import { federatedNameRule, readUserSeconds } from './session-names.ts'
import { readSessionPolicies, requirePolicies } from './session-policies.ts'
import { readSessionTags, tagFields } from './session-tags.ts'

export const getFederationToken: QueryAction = async (call) => {
  const { parameters, identity, services } = call
  const { tenantId, userName } = identity
  const name = parameters.text('Name', federatedNameRule)
  const policies = readSessionPolicies(parameters)
  const tags = readSessionTags(parameters)
  const seconds = readUserSeconds(parameters, { isRoot: isRootUser(identity) })
  refuseSessions('GetFederationToken', identity)
  const arn = stsArn(tenantId, `federated-user/${name}`)
  const resource = { tenantId, arn, requestTags: tags.tags }
  await requireSts(call, 'sts:GetFederationToken', resource)
  if (tags.tags.length > 0) await requireSts(call, 'sts:TagSession', resource)
  await requirePolicies(services.metadata.identities, tenantId, policies)
  const ownerId = await ownerIdOf(services, identity)
  const { credentials, packedSize } = beginSession(
    call,
    { tenantId, userName, arn },
    { of: 'federated user', name, ownerId, seconds, ...policies, ...tagFields(tags) },
  )
  return credentials + federatedUser({ tenantId, name }) + packedSize
}
