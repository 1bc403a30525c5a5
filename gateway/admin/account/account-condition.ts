// The condition that a change of a user, group or policy comes with: the ETag of the one that was read.
import type { IdentityRef } from '../../../metadata/identity-records.ts'
import { AdminProblem } from '../api/problem.ts'
import type { Condition } from './run-iam-action.ts'

/** Undefined: whatever it is. Throws `PreconditionRequired`, `PreconditionFailed`. */
export function conditionOf(ifMatch: string | undefined, ref: IdentityRef): Condition | undefined {
  if (ifMatch === undefined) throw new AdminProblem('PreconditionRequired')
  const tag = ifMatch.trim()
  if (tag === '*') return undefined
  if (!/^"[0-9a-f]{32}"$/.test(tag)) throw new AdminProblem('PreconditionFailed')
  return { ref, tag }
}
