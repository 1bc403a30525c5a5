// Which function serves which action of IAM.
import type { QueryActions } from '../query/query-action.ts'
import { policyActions } from './policies/policy-actions.ts'
import { providerActions } from './providers/provider-actions.ts'
import { roleActions } from './roles/role-actions.ts'
import { simulationActions } from './simulation/simulation-actions.ts'

export const iamActions: QueryActions = {
  signed: {
    ...policyActions,
    ...roleActions,
    ...providerActions,
    ...simulationActions,
  },
  open: {},
}
