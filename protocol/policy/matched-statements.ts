// All statements that are about a request, whatever comes of them: what SimulatePrincipalPolicy shows.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
import type { AccessRequest } from './access-request.ts'
import { askerOf, type Policies, type PolicySource } from './combine-grants.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { DecidedBy } from './evaluate.ts'
import { matchPrincipals } from './match-principal.ts'
import { askOf, matchesStatement } from './match-statement.ts'
import type { Effect } from './policy-document.ts'

export type MatchedStatement = DecidedBy & { readonly effect: Effect }

export function findMatchedStatements(
  request: AccessRequest,
  policies: Policies<CompiledPolicy>,
): readonly MatchedStatement[] {
  const asked = askOf(request)
  const asker = askerOf(request, policies)
  const sources: readonly (readonly [PolicySource, readonly CompiledPolicy[]])[] = [
    ['identity', policies.identity],
    ['boundary', policies.boundary ?? []],
    ['session', policies.session ?? []],
    ['resource', policies.resource === undefined ? [] : [policies.resource]],
  ]
  return sources.flatMap(([source, list]) =>
    list
      .flatMap(({ statements }) => statements)
      .filter((each) => source !== 'resource' || matchPrincipals(each, asker) !== undefined)
      .filter((statement) => matchesStatement(statement, asked))
      .map(({ policy, sid, index, effect }) => ({
        source,
        policy,
        index,
        effect,
        ...(sid === undefined ? {} : { sid }),
      })),
  )
}
