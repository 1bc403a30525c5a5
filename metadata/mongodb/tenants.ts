import type { TenantStore } from '../tenant-store.ts'
import type { Shared } from './shared.ts'

export function mongoTenants(_shared: Shared): TenantStore {
  throw new Error('not built yet')
}
