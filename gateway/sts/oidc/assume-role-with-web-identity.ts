// AssumeRoleWithWebIdentity: whoever has a token of an issuer that the account knows, and that the role trusts, takes on the
// role. Nobody signs. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
import { QueryError } from '../../../protocol/query/query-error.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import type { OpenQueryAction, OpenQueryCall } from '../../query/query-action.ts'
import { beginRoleSession } from '../begin-session.ts'
import { notProvided, requireProvided } from '../require-sts.ts'
import { askedSeconds, readRoleSeconds, sessionNameRule } from '../session-names.ts'
import { readSessionPolicies, requirePolicies } from '../session-policies.ts'
import { type SessionTags, tagFields } from '../session-tags.ts'
import { findTargetRole, readRoleArn, type TargetRole } from '../target-role.ts'
import { tenantOfAccount } from '../tenant-of-account.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { claimKeys, lastingKeys, sourceIdentityOf, tagsOf } from './token-claims.ts'
import { readWebIdentity, type WebIdentity } from './web-identity.ts'

const action = 'sts:AssumeRoleWithWebIdentity'

export function assumeRoleWithWebIdentity(issuerKeys: IssuerKeys): OpenQueryAction {
  return async (call) => {
    const { parameters, services } = call
    const { metadata, now } = services
    const wanted = readRoleArn(parameters)
    const name = parameters.text('RoleSessionName', sessionNameRule)
    const token = readToken(call)
    const policies = readSessionPolicies(parameters)
    refuseOauth(call)
    const tenant = await tenantOfAccount(metadata.tenants, wanted.account)
    const deps = { identities: metadata.identities, issuerKeys, now }
    const identity = await readWebIdentity(token, tenant?.id, deps)
    const target = await findTargetRole(metadata, wanted)
    if (target === undefined) throw notProvided(action)
    const [tags, sourceIdentity] = [tagsOf(identity), sourceIdentityOf(identity)]
    await requireTrust(call, { target, identity, name, tags, sourceIdentity })
    const seconds = readRoleSeconds(parameters, target.role, { isChained: false })
    await requirePolicies(metadata.identities, target.tenantId, policies)
    const { issuer, providerArn, subject, audience } = identity
    const begun = beginRoleSession(
      call,
      { ...target, subject },
      {
        ...{ name, seconds, ...policies, ...tagFields(tags), provider: providerArn },
        ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
        keys: lastingKeys(identity),
      },
    )
    return (
      element('SubjectFromWebIdentityToken', subject) +
      element('Audience', audience) +
      begun +
      element('Provider', issuer)
    )
  }
}

/** What is wrong with it is told without repeating it. Throws `ValidationError`. */
function readToken({ parameters }: Pick<OpenQueryCall, 'parameters'>): string {
  const token = parameters.raw('WebIdentityToken')
  if (token !== undefined && token.length >= 4 && token.length <= 20_000) return token
  throw new QueryError('ValidationError', 'WebIdentityToken has 4 to 20000 characters.')
}

/** Tokens of OAuth 2.0 say nothing that could be verified. Throws `ValidationError`. */
function refuseOauth({ parameters }: Pick<OpenQueryCall, 'parameters'>): void {
  if (parameters.raw('ProviderId') === undefined) return
  throw new QueryError(
    'ValidationError',
    'ProviderId goes with access tokens of OAuth 2.0. Send a token of OpenID Connect without it.',
  )
}

type Asked = {
  readonly target: TargetRole
  readonly identity: WebIdentity
  readonly name: string
  readonly tags: SessionTags
  readonly sourceIdentity: string | undefined
}

/** Throws `AccessDenied`. */
async function requireTrust(call: OpenQueryCall, asked: Asked): Promise<void> {
  const { target, identity, name, tags, sourceIdentity } = asked
  const { tenantId, arn, trust, role } = target
  const resource = {
    ...{ tenantId, arn, trust, tags: role.tags, requestTags: tags.tags },
    provider: identity.providerArn,
    keys: {
      ...claimKeys(identity),
      'sts:rolesessionname': name,
      'sts:durationseconds': askedSeconds(call.parameters),
      'sts:sourceidentity': sourceIdentity,
      'sts:transitivetagkeys': tags.transitiveKeys,
    },
  }
  await requireProvided(call, action, resource)
  if (tags.tags.length > 0) await requireProvided(call, 'sts:TagSession', resource)
  if (sourceIdentity !== undefined) await requireProvided(call, 'sts:SetSourceIdentity', resource)
}
