// How the policies that have a say make one answer: AWS's order, as a formula. It is asked of one request,
// where each policy grants or does not, and of many keys at once, where it may grant some of them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
import type { AccessRequest } from './access-request.ts'
import type { CompiledPolicy, StatementSet } from './compile-policy.ts'
import { type Asker, accountOf } from './match-principal.ts'

/** Of what is asked: nothing, perhaps some, all. */
export type Degree = 0 | 1 | 2

export type Policies<Each extends StatementSet = StatementSet> = {
  /** Of the user and his groups, or of the role. */
  readonly identity: readonly Each[]
  /**
   * Permissions boundary. Absent: there is none. An empty list allows nothing: whoever lost a boundary on
   * the way has not gained by it.
   */
  readonly boundary?: readonly Each[]
  /** Policies that were given with the session. As with boundaries, an empty list allows nothing. */
  readonly session?: readonly Each[]
  /**
   * Of the bucket; or the trust policy of a role that is to be assumed, which every role has: without it, the
   * role would be like a bucket that has no policy, open to whoever is allowed so in the account.
   */
  readonly resource?: CompiledPolicy
}

export type PolicySource = keyof Policies

export function askerOf({ principal }: AccessRequest, { boundary }: Policies): Asker {
  return { principal, hasBoundary: boundary !== undefined && accountOf(principal) !== undefined }
}

export type Grants = {
  readonly denied: Degree
  readonly identity: Degree
  readonly boundary: Degree
  readonly session: Degree
  /** Of the resource policy, by what it calls whom it grants to (`match-principal.ts`). */
  readonly direct: Degree
  readonly source: Degree
  readonly account: Degree
}

/** What stands between the one who asks and the resource. */
export type Relation = {
  /** He has policies of his own, or is a root user, who needs none. */
  readonly hasAccount: boolean
  readonly isRoot: boolean
  /** Nothing is allowed unless the resource policy allows it: across accounts, and to assume a role. */
  readonly needsResource: boolean
}

export function relationOf({ principal, resource }: AccessRequest, policies: Policies): Relation {
  const account = accountOf(principal)
  return {
    hasAccount: account !== undefined,
    isRoot: principal.is === 'root',
    needsResource: account !== resource.accountId || policies.resource?.document.kind === 'trust',
  }
}

/** Whether the principal is in the account that owns the resource. */
function isOwn({ principal, resource }: AccessRequest): boolean {
  return accountOf(principal) === resource.accountId
}

/**
 * An explicit deny counts over all. Within an account, what its own policies allow and what the resource
 * policy allows add up; a resource policy that names the user or the session is bounded by nothing else,
 * one that names the role by the boundary and by the session's policies. Across accounts both sides have to
 * allow it.
 */
export function combineGrants(grants: Grants, request: AccessRequest, policies: Policies): Degree {
  const relation = relationOf(request, policies)
  const { boundary, session, direct, source, account } = grants
  const notDenied = opposite[grants.denied]
  if (!relation.hasAccount) return least(direct, notDenied)
  const limit = least(boundary, session)
  const own = relation.isRoot ? 2 : least(grants.identity, limit)
  const delegated = most(most(direct, source), account)
  const granted = most(direct, least(source, limit))
  if (!relation.needsResource) return least(most(own, granted), notDenied)
  const both = least(own, delegated)
  return least(isOwn(request) ? most(both, granted) : both, notDenied)
}

/** Of all that are not meant. */
export const opposite: Readonly<Record<Degree, Degree>> = { 0: 2, 1: 1, 2: 0 }

export function least(a: Degree, b: Degree): Degree {
  return a < b ? a : b
}

export function most(a: Degree, b: Degree): Degree {
  return a > b ? a : b
}
