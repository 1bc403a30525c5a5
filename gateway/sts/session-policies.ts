// Policies that are given with a session and bound it: JSON, and ARNs of managed policies of the account that it is in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import { managedPolicies } from '../../protocol/policy/managed-policies.ts'
import { parsePolicy } from '../../protocol/policy/parse-policy.ts'
import { PolicyRefused } from '../../protocol/policy/policy-refused.ts'
import { policySizes } from '../../protocol/policy/policy-sizes.ts'
import { constraintError, QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import type { Session } from '../access/identity.ts'
import { iamArn } from '../access/owner.ts'
import { policyKey } from '../access/standing.ts'
import { arnRule } from '../iam/iam-names.ts'

export type SessionPolicies = Pick<Session, 'policies' | 'policyArns'>

/** Characters of all policies and ARNs together, white space included. */
const plaintextMax = 2048
const arnsMax = 10

/** Throws `ValidationError`, `MalformedPolicyDocument`, `PackedPolicyTooLarge`. */
export function readSessionPolicies(parameters: QueryParameters): SessionPolicies {
  const text = parameters.optional('Policy', { from: 1 })
  const arns = parameters.structures('PolicyArns').map((each) => each.text('arn', arnRule))
  if (arns.length > arnsMax) {
    const constraint = `Member must have length less than or equal to ${arnsMax}`
    throw constraintError(`[${arns.length} ARNs]`, 'PolicyArns', constraint)
  }
  const characters = [text ?? '', ...arns].reduce((sum, each) => sum + [...each].length, 0)
  if (characters > plaintextMax) {
    throw new QueryError(
      'PackedPolicyTooLarge',
      `Session policies may have ${plaintextMax} characters together, and these have ${characters}.`,
    )
  }
  if (text !== undefined) checkPolicy(text)
  return {
    ...(text === undefined ? {} : { policies: [text] }),
    ...(arns.length === 0 ? {} : { policyArns: arns }),
  }
}

/** That they are AWS's or the account's own. To be asked once the caller may have the session. Throws `ValidationError`. */
export async function requirePolicies(
  identities: Pick<IdentityStore, 'getMany'>,
  tenantId: TenantId,
  { policyArns = [] }: SessionPolicies,
): Promise<void> {
  const own = policyArns.filter((arn) => !managedPolicies.has(arn))
  if (own.length === 0) return
  const refs = own.map((arn) => ({ kind: 'policy', name: policyKey(arn) }) as const)
  const distinct = [...new Map(refs.map((ref) => [ref.name, ref])).values()]
  if (distinct.some(({ name }) => name === '')) throw noSuchPolicy(own[0])
  const { entries } = await identities.getMany(tenantId, distinct)
  const known = new Set(
    entries.flatMap((entry) =>
      entry?.kind === 'policy' ? [iamArn(tenantId, 'policy', entry.document)] : [],
    ),
  )
  const missing = own.find((arn) => !known.has(arn))
  if (missing !== undefined) throw noSuchPolicy(missing)
}

function noSuchPolicy(arn: string | undefined): QueryError {
  return new QueryError('ValidationError', `${arn} is no managed policy of the session's account.`)
}

function checkPolicy(text: string): void {
  try {
    parsePolicy(text, { kind: 'identity', size: policySizes.session })
  } catch (cause) {
    if (!(cause instanceof PolicyRefused)) throw cause
    throw new QueryError('MalformedPolicyDocument', cause.iamMessage)
  }
}
