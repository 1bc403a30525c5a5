// Which function serves which action of IAM.
import type { QueryActions } from '../query/query-action.ts'
import { accessKeyActions } from './access-keys/access-key-actions.ts'
import { accountActions } from './account/account-actions.ts'
import { groupActions } from './groups/group-actions.ts'
import { policyActions } from './policies/policy-actions.ts'
import { providerActions } from './providers/provider-actions.ts'
import { roleActions } from './roles/role-actions.ts'
import { simulationActions } from './simulation/simulation-actions.ts'
import { userActions } from './users/user-actions.ts'

export const iamActions: QueryActions = {
  signed: {
    ...accessKeyActions,
    ...accountActions,
    ...groupActions,
    ...policyActions,
    ...providerActions,
    ...roleActions,
    ...simulationActions,
    ...userActions,
  },
  open: {},
}
