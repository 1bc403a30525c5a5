import type { BundleStore } from '../bundle-store.ts'
import type { Shared } from './shared.ts'

export function mongoBundles(_shared: Shared): BundleStore {
  throw new Error('not built yet')
}
