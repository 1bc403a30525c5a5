import type { LeaseStore } from '../lease-store.ts'
import type { Shared } from './shared.ts'

export function mongoLeases(_shared: Shared): LeaseStore {
  throw new Error('not built yet')
}
