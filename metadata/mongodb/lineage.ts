import type { LineageStore } from '../lineage-store.ts'
import type { Shared } from './shared.ts'

export function mongoLineage(_shared: Shared): LineageStore {
  throw new Error('not built yet')
}
