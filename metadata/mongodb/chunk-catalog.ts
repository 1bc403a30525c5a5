import type { ChunkCatalog } from '../metadata-store.ts'
import type { Shared } from './shared.ts'

export function mongoChunks(_shared: Shared): ChunkCatalog {
  throw new Error('not built yet')
}
