import type { BucketStore } from '../bucket-store.ts'
import type { Shared } from './shared.ts'

export function mongoBuckets(_shared: Shared): BucketStore {
  throw new Error('not built yet')
}
