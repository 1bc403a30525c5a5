// AssumeRole: a user, or the session of another role, takes on a role of his or another account.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import { compilePolicy } from '../../protocol/policy/compile-policy.ts'
import { QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import type { IdentityResource } from '../access/authorize.ts'
import type { User } from '../access/identity.ts'
import { isRootUser } from '../access/standing.ts'
import { trustAbout } from '../iam/roles/trust-policy.ts'
import type { QueryAction, QueryCall } from '../query/query-action.ts'
import { beginRoleSession } from './begin-session.ts'
import { notAuthorized, requireSts } from './require-sts.ts'
import {
  askedSeconds,
  externalIdRule,
  readRoleSeconds,
  readSourceIdentity,
  sessionNameRule,
} from './session-names.ts'
import { readSessionPolicies, requirePolicies } from './session-policies.ts'
import {
  chainTags,
  inheritedTags,
  readSessionTags,
  type SessionTags,
  tagFields,
} from './session-tags.ts'
import { findTargetRole, readRoleArn, type TargetRole } from './target-role.ts'

export const assumeRole: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const wanted = readRoleArn(parameters)
  const name = parameters.text('RoleSessionName', sessionNameRule)
  const policies = readSessionPolicies(parameters)
  const tags = chainTags(inheritedTags(identity.session), readSessionTags(parameters))
  const sourceIdentity = sourceIdentityOf(parameters, identity)
  refuseMfa(parameters)
  refuseCaller(identity)
  const target = await findTargetRole(services.metadata, wanted)
  if (target === undefined) throw await notAuthorized(call, 'sts:AssumeRole', wanted)
  await requireTrust(call, await trustingCaller(call, target), { name, tags, sourceIdentity })
  const isChained = identity.session?.of === 'role'
  const seconds = readRoleSeconds(parameters, target.role, { isChained })
  await requirePolicies(services.metadata.identities, target.tenantId, policies)
  return beginRoleSession(call, target, {
    ...{ name, seconds, ...policies, ...tagFields(tags) },
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  })
}

/** There are no devices that could have made a code. Throws `AccessDenied`. */
export function refuseMfa(parameters: QueryParameters): void {
  const serial = parameters.optional('SerialNumber', { from: 9, to: 256 })
  const code = parameters.optional('TokenCode', { from: 6, to: 6 })
  if (serial === undefined && code === undefined) return
  throw new QueryError(
    'AccessDenied',
    'MultiFactorAuthentication failed with invalid MFA one time pass code.',
  )
}

/** Throws `AccessDenied`. */
function refuseCaller(identity: User): void {
  if (isRootUser(identity)) {
    throw new QueryError('AccessDenied', 'Roles may not be assumed by root accounts.')
  }
  if (identity.session?.of === 'federated user') {
    throw new QueryError('AccessDenied', 'Cannot call AssumeRole with federated user credentials')
  }
}

/** It stays what it is through a chain. Throws `ValidationError`. */
function sourceIdentityOf(parameters: QueryParameters, { session }: User): string | undefined {
  const asked = parameters.raw('SourceIdentity')
  const before = session?.sourceIdentity
  if (asked === undefined) return before
  readSourceIdentity(asked)
  if (before === undefined || before === asked) return asked
  throw new QueryError(
    'ValidationError',
    'The source identity of the calling session cannot be changed.',
  )
}

/** With what it says of somebody who has had the caller's name left out. */
async function trustingCaller(
  { services, identity }: QueryCall,
  target: TargetRole,
): Promise<TargetRole> {
  const { principal, userId } = await services.standings.now(identity)
  if (principal.is !== 'user' && principal.is !== 'role session') return target
  const arn = principal.is === 'user' ? principal.arn : principal.roleArn
  const [id = ''] = userId.split(':', 1)
  const { trust, role } = target
  const document = trustAbout(trust.document, { arn, id }, role.trusted)
  return document === trust.document
    ? target
    : { ...target, trust: compilePolicy(document, trust.name) }
}

type Asked = {
  readonly name: string
  readonly tags: SessionTags
  readonly sourceIdentity: string | undefined
}

/** By the role's trust policy, and by the policies of who asks. Throws `AccessDenied`. */
async function requireTrust(call: QueryCall, target: TargetRole, asked: Asked): Promise<void> {
  const { tags, sourceIdentity } = asked
  const resource = trustResource(call.parameters, target, asked)
  await requireSts(call, 'sts:AssumeRole', resource)
  if (tags.tags.length > 0) await requireSts(call, 'sts:TagSession', resource)
  if (sourceIdentity !== undefined) await requireSts(call, 'sts:SetSourceIdentity', resource)
}

function trustResource(
  parameters: QueryParameters,
  { tenantId, arn, role, trust }: TargetRole,
  { name, tags, sourceIdentity }: Asked,
): IdentityResource {
  return {
    ...{ tenantId, arn, trust, tags: role.tags, requestTags: tags.tags },
    keys: {
      'sts:externalid': parameters.optional('ExternalId', externalIdRule),
      'sts:rolesessionname': name,
      'sts:durationseconds': askedSeconds(parameters),
      'sts:sourceidentity': sourceIdentity,
      'sts:transitivetagkeys': tags.transitiveKeys,
    },
  }
}
