// What is asked of an account alone: of users, roles and policies, and of all that it has. Policies of the caller decide; of a
// role that is to be assumed, its trust policy with them.
import type { AccessRequest, ContextKeys } from '../../protocol/policy/access-request.ts'
import type { Policies } from '../../protocol/policy/combine-grants.ts'
import { evaluate } from '../../protocol/policy/evaluate.ts'
import { answerOf, ofNothing, ofRoot } from './answers.ts'
import type { Resource } from './authorize.ts'
import type { Answer } from './decisions.ts'
import type { Identity } from './identity.ts'
import { accountId } from './owner.ts'
import { isRootUser, type Standing } from './standing.ts'

export type OfAccount = Exclude<Resource, { is: 'bucket' | 'object' }>

type AskedOfAccount = {
  readonly identity: Identity
  readonly standing: Standing
  readonly action: string
  readonly resource: OfAccount
  readonly context: ContextKeys
}

export function answerOfAccount(asked: AskedOfAccount): Answer {
  const { identity, standing, action, resource, context } = asked
  if (resource.is === 'identity' && resource.provider !== undefined) {
    return answerOfProvider(asked, { ...resource, provider: resource.provider })
  }
  if (standing.isRevoked || identity.is === 'anonymous') return ofNothing
  const tenantId = resource.is === 'identity' ? resource.tenantId : identity.tenantId
  if (isRootUser(identity)) return identity.tenantId === tenantId ? ofRoot : ofNothing
  const arn = resource.is === 'identity' ? resource.arn : everyBucket
  const request: AccessRequest = {
    ...{ principal: standing.principal, action, context },
    resource: { arn, accountId: accountId(tenantId) },
  }
  return answerOf(evaluate(request, policiesFor(standing, resource)))
}

/** Of what is done to no bucket in particular. */
const everyBucket = 'arn:aws:s3:::*'

/** Of somebody with a token from elsewhere: the trust policy alone has a say. */
function answerOfProvider(
  { action, context }: AskedOfAccount,
  resource: Extract<Resource, { is: 'identity' }> & { readonly provider: string },
): Answer {
  const { arn, tenantId, provider, trust } = resource
  if (trust === undefined) return ofNothing
  const request: AccessRequest = {
    ...{ principal: { is: 'identity provider', provider }, action, context },
    resource: { arn, accountId: accountId(tenantId) },
  }
  return answerOf(evaluate(request, { identity: [], resource: trust }))
}

function policiesFor({ policies }: Standing, resource: OfAccount): Policies {
  if (resource.is !== 'identity') return policies
  const { allowedBesides, trust } = resource
  const identity =
    allowedBesides === undefined ? policies.identity : [...policies.identity, allowedBesides]
  return { ...policies, identity, ...(trust === undefined ? {} : { resource: trust }) }
}
