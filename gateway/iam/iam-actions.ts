// Which function serves which action of IAM.
import type { QueryActions } from '../query/query-action.ts'

export const iamActions: QueryActions = { signed: {}, open: {} }
