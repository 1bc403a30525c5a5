import type { OrphanStore } from '../orphan-store.ts'
import type { Shared } from './shared.ts'

export function mongoOrphans(_shared: Shared): OrphanStore {
  throw new Error('not built yet')
}
