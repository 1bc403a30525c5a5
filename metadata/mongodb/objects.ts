import type { ObjectStore } from '../metadata-store.ts'
import type { Shared } from './shared.ts'

export function mongoObjects(_shared: Shared): ObjectStore {
  throw new Error('not built yet')
}
