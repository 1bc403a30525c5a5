import type { JobStore } from '../job-store.ts'
import type { Shared } from './shared.ts'

export function mongoJobs(_shared: Shared): JobStore {
  throw new Error('not built yet')
}
