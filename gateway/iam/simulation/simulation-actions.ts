// Which function serves which action that asks what policies say.
import type { QueryActions } from '../../query/query-action.ts'
import { getContextKeysForCustomPolicy, getContextKeysForPrincipalPolicy } from './context-keys.ts'
import { simulateCustomPolicy, simulatePrincipalPolicy } from './simulate-policies.ts'

export const simulationActions: QueryActions['signed'] = {
  SimulateCustomPolicy: simulateCustomPolicy,
  SimulatePrincipalPolicy: simulatePrincipalPolicy,
  GetContextKeysForCustomPolicy: getContextKeysForCustomPolicy,
  GetContextKeysForPrincipalPolicy: getContextKeysForPrincipalPolicy,
}
