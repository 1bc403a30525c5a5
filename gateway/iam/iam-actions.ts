// Which function serves which action of IAM.
import type { QueryActions } from '../query/query-action.ts'
import { policyActions } from './policies/policy-actions.ts'

export const iamActions: QueryActions = {
  signed: {
    ...policyActions,
  },
  open: {},
}
