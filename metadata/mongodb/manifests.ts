import type { ManifestStore } from '../manifest-store.ts'
import type { Shared } from './shared.ts'

export function mongoManifests(_shared: Shared): ManifestStore {
  throw new Error('not built yet')
}
