// Answers to the question whether somebody may do something, and what each rests on.
import type { DecidedBy as StatementOfVerdict, Verdict } from '../../protocol/policy/evaluate.ts'
import { bucketPolicyName } from './bucket-permissions.ts'
import { type Answer, byNothing, byRoot, type StatementName } from './decisions.ts'

export const ofRoot: Answer = { isAllowed: true, by: byRoot }
export const ofNothing: Answer = { isAllowed: false, by: byNothing }
/** Of all keys below a prefix: several statements may have a part in it. */
export const ofPolicies: Answer = { isAllowed: true, by: { is: 'policy', policy: 'policies' } }
export const ofDenial: Answer = { isAllowed: false, by: { is: 'policy', policy: bucketPolicyName } }
export const ofBlock: Answer = { isAllowed: false, by: { is: 'publicAccessBlock' } }

export function answerOf(verdict: Verdict): Answer {
  switch (verdict.is) {
    case 'allowed':
      return verdict.by === 'root user'
        ? ofRoot
        : { isAllowed: true, by: { is: 'statement', ...nameOf(verdict.by) } }
    case 'explicitly denied':
      return { isAllowed: false, by: { is: 'statement', ...nameOf(verdict.by) } }
    case 'implicitly denied':
      return ofNothing
    default:
      return verdict satisfies never
  }
}

function nameOf({ policy, sid, index }: StatementOfVerdict): StatementName {
  return { policy, index, ...(sid === undefined ? {} : { sid }) }
}
