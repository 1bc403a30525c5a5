// Verdicts on generated policies and requests against those of another implementation,
// @cloud-copilot/iam-simulate. More of them by hand:
//   [HOLDFAST_TEST_SEED=7] node dist/test/protocol/policy/judge.test.js --evaluations=100000
import assert from 'node:assert'
import { parseArgs } from 'node:util'
import { type EvaluationResult, runSimulation, type Simulation } from '@cloud-copilot/iam-simulate'
import type { Principal } from '../../../protocol/policy/access-request.ts'
import type { Policies } from '../../../protocol/policy/combine-grants.ts'
import { compilePolicy } from '../../../protocol/policy/compile-policy.ts'
import { evaluate, type Verdict } from '../../../protocol/policy/evaluate.ts'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import type { PolicyKind } from '../../../protocol/policy/policy-document.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import {
  Chance,
  type GeneratedAccess,
  generateAccess,
  type PolicyJson,
} from './generated-access.ts'
import { differences } from './judge-differences.ts'
import { request } from './policy-under-test.ts'

const { values } = parseArgs({ options: { evaluations: { type: 'string' } }, strict: false })
const evaluations = Number(values.evaluations ?? 300)

function compile(json: PolicyJson, kind: PolicyKind) {
  const document = parsePolicy(JSON.stringify(json), { kind, size: policySizes.bucket })
  return compilePolicy(document, kind)
}

function judgeOurselves(access: GeneratedAccess): Verdict {
  const { identity, boundary, session, resource, isRole } = access
  const policies: Policies = {
    identity: identity.map((each) => compile(each, 'identity')),
    ...(boundary === undefined ? {} : { boundary: [compile(boundary, 'identity')] }),
    ...(session === undefined ? {} : { session: [compile(session, 'identity')] }),
    ...(resource === undefined
      ? {}
      : { resource: compile(resource, isRole ? 'trust' : 'resource') }),
  }
  return evaluate(request(access), policies)
}

/** Root users need no policy; the judge, which does not know them, gets one for them. */
const allowAll = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}

function principalOf(principal: Principal): Simulation['request']['principal'] {
  if (principal.is === 'anonymous') return { type: 'Anonymous' }
  if (principal.is === 'service') return principal.service
  assert('arn' in principal, 'the judge has no word for it')
  return principal.arn
}

function simulationOf(access: GeneratedAccess): Simulation {
  const { principal, identity, boundary, session, resource } = access
  const owned = principal.is === 'root' ? [allowAll] : identity
  return {
    request: {
      principal: principalOf(principal),
      action: access.action,
      resource: { resource: access.arn, accountId: access.owner },
      contextVariables: Object.fromEntries(
        Object.entries(access.context).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : [...value],
        ]),
      ),
    },
    identityPolicies: owned.map((policy, at) => ({ name: String(at), policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: resource,
    ...(session === undefined ? {} : { sessionPolicy: session }),
    ...(boundary === undefined
      ? {}
      : { permissionBoundaryPolicies: [{ name: 'boundary', policy: boundary }] }),
  }
}

const words: Readonly<Record<EvaluationResult, Verdict['is']>> = {
  Allowed: 'allowed',
  ExplicitlyDenied: 'explicitly denied',
  ImplicitlyDenied: 'implicitly denied',
}

async function askJudge(access: GeneratedAccess): Promise<Verdict['is']> {
  const answer = await runSimulation(simulationOf(access), { simulationMode: 'Strict' })
  assert(answer.resultType !== 'error', JSON.stringify({ answer, access }))
  return words[answer.overallResult]
}

describe('verdicts on generated policies', (test) => {
  test(`are those of another implementation, ${evaluations} times`, async () => {
    const chance = new Chance(seededBytes())
    const counts = new Map<string, number>()
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
    for (let round = 0; round < evaluations; round += 1) {
      const access = generateAccess(chance)
      const verdict = judgeOurselves(access)
      const judged = await askJudge(access)
      count(verdict.is)
      if (verdict.is === judged) continue
      const known = differences.find(({ concerns }) => concerns({ access, verdict, judged }))
      const story = JSON.stringify({ verdict, judged, access }, undefined, 1)
      if (known === undefined) assert.fail(`nothing explains what the judge says: ${story}`)
      count(`differs: ${known.about}`)
    }
    for (const [what, times] of counts) console.log(`${times} ${what}`)
    assert.ok(evaluations < 300 || counts.size >= 3, 'generated cases all have one verdict')
  })
})
