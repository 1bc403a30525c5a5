// The answer to one simulated question: what comes of it, and which statements have decided it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
import type { AccessRequest } from '../../../protocol/policy/access-request.ts'
import type { Policies } from '../../../protocol/policy/combine-grants.ts'
import type { CompiledPolicy } from '../../../protocol/policy/compile-policy.ts'
import { evaluate, type Verdict } from '../../../protocol/policy/evaluate.ts'
import { askOf, matchesActions } from '../../../protocol/policy/match-statement.ts'
import { findMatchedStatements } from '../../../protocol/policy/matched-statements.ts'
import { namedKeys } from '../../../protocol/policy/names-key-like.ts'
import type { StatementPlace } from '../../../protocol/policy/statement-places.ts'
import type { SimulatedContext } from './context-entries.ts'
import type { Caller } from './simulated-request.ts'
import type { SourcePolicy } from './source-policies.ts'

export type Simulation = {
  readonly caller: Caller
  readonly policies: readonly SourcePolicy[]
  readonly boundary?: readonly SourcePolicy[] | undefined
  readonly resourcePolicy?: SourcePolicy | undefined
  readonly context: SimulatedContext
  readonly resourceOwner?: string | undefined
}

export type Matched = {
  readonly policy: SourcePolicy
  readonly place: StatementPlace | undefined
}

export type Simulated = {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny'
  readonly matched: readonly Matched[]
  /** As policies write them. */
  readonly missingKeys: readonly string[]
  /** Absent: there is no boundary. */
  readonly isAllowedByBoundary?: boolean
}

const decisions = {
  allowed: 'allowed',
  'explicitly denied': 'explicitDeny',
  'implicitly denied': 'implicitDeny',
} as const satisfies Record<Verdict['is'], Simulated['decision']>

export function simulate(simulation: Simulation, action: string, arn: string): Simulated {
  const { caller, boundary, context } = simulation
  const request: AccessRequest = {
    ...{ principal: caller.principal, action, context },
    resource: { arn, accountId: accountOfResource(simulation, arn) },
  }
  const verdict = evaluate(request, policiesOf(simulation))
  const simulated = {
    decision: decisions[verdict.is],
    matched: matchedIn(simulation, request, verdict),
    missingKeys: missingIn(simulation, request),
  }
  if (boundary === undefined) return simulated
  const alone = { identity: boundary.map(({ compiled }) => compiled) }
  const own = { ...request, resource: { arn, accountId: caller.principal.accountId } }
  return { ...simulated, isAllowedByBoundary: evaluate(own, alone).is === 'allowed' }
}

function policiesOf({ policies, boundary, resourcePolicy }: Simulation): Policies {
  return {
    identity: policies.map(({ compiled }) => compiled),
    ...(boundary === undefined ? {} : { boundary: boundary.map(({ compiled }) => compiled) }),
    ...(resourcePolicy === undefined ? {} : { resource: resourcePolicy.compiled }),
  }
}

/** Some ARNs tell. */
function accountOfResource({ caller, resourceOwner }: Simulation, arn: string): string {
  const told = arn.split(':', 5)[4] ?? ''
  return /^\d{12}$/.test(told) ? told : (resourceOwner ?? caller.principal.accountId)
}

function everyPolicy({ policies, boundary = [], resourcePolicy }: Simulation) {
  return [...policies, ...boundary, ...(resourcePolicy === undefined ? [] : [resourcePolicy])]
}

/** What denies, if anything does; else what allows, where the boundary has only to agree. */
function matchedIn(
  simulation: Simulation,
  request: AccessRequest,
  verdict: Verdict,
): readonly Matched[] {
  if (verdict.is === 'implicitly denied') return []
  const wanted = verdict.is === 'allowed' ? 'Allow' : 'Deny'
  const { boundary, resourcePolicy } = simulation
  // Whoever has a boundary is denied by other words of a resource policy.
  const bounded = boundary === undefined ? {} : { boundary: [] }
  return everyPolicy(simulation).flatMap((policy) => {
    if (wanted === 'Allow' && boundary?.includes(policy) === true) return []
    const { compiled, places } = policy
    const alone: Policies<CompiledPolicy> =
      policy === resourcePolicy
        ? { identity: [], resource: compiled, ...bounded }
        : { identity: [compiled] }
    return findMatchedStatements(request, alone)
      .filter(({ effect }) => effect === wanted)
      .map(({ index }) => ({ policy, place: places[index] }))
  })
}

/** Of the statements that are about the action, also where another resource is meant. */
function missingIn(simulation: Simulation, request: AccessRequest): readonly string[] {
  const missing = new Map<string, string>()
  const asked = askOf(request)
  for (const { compiled, keys } of everyPolicy(simulation)) {
    for (const statement of compiled.statements) {
      if (!matchesActions(statement.actions, asked)) continue
      for (const key of namedKeys(statement)) {
        if (simulation.context.has(key) || missing.has(key)) continue
        missing.set(key, keys.get(key) ?? key)
      }
    }
  }
  return [...missing.values()]
}
