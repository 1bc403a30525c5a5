// Several policies that have a say together, as one set of statements: what is asked often is asked of one. Which
// policy a statement is of, it says itself.
import type { StatementSet, StatementsOfService } from './compile-policy.ts'

export function joinPolicies(policies: readonly StatementSet[]): StatementSet {
  const services = new Set(policies.flatMap(({ byService }) => [...byService.keys()]))
  const join = (of: (policy: StatementSet) => StatementsOfService): StatementsOfService => ({
    deny: policies.flatMap((policy) => of(policy).deny),
    allow: policies.flatMap((policy) => of(policy).allow),
  })
  const byService = new Map(
    [...services].map((service) => [
      service,
      join((policy) => policy.byService.get(service) ?? policy.ofOthers),
    ]),
  )
  return { byService, ofOthers: join(({ ofOthers }) => ofOthers) }
}
