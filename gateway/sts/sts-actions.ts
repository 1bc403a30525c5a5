// Which function serves which action of STS.
import type { QueryActions } from '../query/query-action.ts'
import { getCallerIdentity } from './get-caller-identity.ts'

export const stsActions: QueryActions = {
  signed: { GetCallerIdentity: getCallerIdentity },
  open: {},
}
