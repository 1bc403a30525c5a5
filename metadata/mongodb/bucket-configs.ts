import type { BucketConfigStore } from '../bucket-config-store.ts'
import type { Shared } from './shared.ts'

export function mongoBucketConfigs(_shared: Shared): BucketConfigStore {
  throw new Error('not built yet')
}
