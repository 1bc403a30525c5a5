import type { OwnerStore } from '../owner-store.ts'
import type { Shared } from './shared.ts'

export function mongoOwners(_shared: Shared): OwnerStore {
  throw new Error('not built yet')
}
