// SimulatePrincipalPolicy and SimulateCustomPolicy: what policies would say to requests that nobody makes.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
import { setImmediate } from 'node:timers/promises'
import { constraintError, QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { readPage } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { readContext } from './context-entries.ts'
import { renderSimulations, type SimulatedPair } from './render-simulation.ts'
import { type Simulation, simulate } from './simulate.ts'
import {
  readActions,
  readBoundary,
  readCaller,
  readResourceOwner,
  readResourcePolicy,
  readResources,
} from './simulated-request.ts'
import { type PolicySource, readInputs, requireSource } from './source-policies.ts'

export const simulatePrincipalPolicy: QueryAction = async (call) => {
  const from = await requireSource(call, 'iam:SimulatePrincipalPolicy')
  return answer(call, from)
}

export const simulateCustomPolicy: QueryAction = async (call) => {
  await requireAction(call, 'iam:SimulateCustomPolicy', { arn: '*' })
  if (call.parameters.list('PolicyInputList').length === 0) {
    throw constraintError(undefined, 'PolicyInputList', 'Member must not be null')
  }
  return answer(call, undefined)
}

/** Policies can be slow to ask, and many of their statements be shown: what is left of a page comes with the next. */
const pairsAtOnce = 100
const statementsAtOnce = 5_000

/** Each action with each resource, a page of them. */
async function answer(call: QueryCall, from: PolicySource | undefined): Promise<string> {
  const { parameters } = call
  const actions = readActions(parameters)
  const resources = readResources(parameters)
  const { after = '0', limit } = readPage(parameters)
  const begin = Number(after)
  const total = actions.length * resources.length
  if (!/^\d{1,9}$/.test(after)) throw new QueryError('ValidationError', 'Invalid Marker.')
  const end = Math.min(begin + Math.min(limit, pairsAtOnce), total)
  const simulation = readSimulation(call, from)
  const pairs: SimulatedPair[] = []
  let statements = 0
  let at = begin
  for (; at < end && statements < statementsAtOnce; at += 1) {
    const action = actions[Math.floor(at / resources.length)] ?? ''
    const resource = resources[at % resources.length] ?? ''
    const simulated = simulate(simulation, action, resource)
    pairs.push({ action, resource, ...simulated })
    statements += simulated.matched.length + simulated.missingKeys.length
    // Others have their turn.
    await setImmediate()
  }
  return renderSimulations({ items: pairs, next: at < total ? String(at) : undefined })
}

function readSimulation(call: QueryCall, from: PolicySource | undefined): Simulation {
  const { parameters } = call
  const caller = readCaller(call, from)
  return {
    caller,
    policies: [...(from?.policies ?? []), ...readInputs(parameters, 'PolicyInputList')],
    boundary: readBoundary(parameters) ?? from?.boundary,
    resourcePolicy: readResourcePolicy(parameters),
    resourceOwner: readResourceOwner(parameters),
    context: readContext(parameters, caller.known),
  }
}
