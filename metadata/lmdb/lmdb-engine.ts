// The life of the embedded metadata, as every store has one. Its processes leave nothing behind in it that
// another would have to mend: transactions end with them.
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import { MetadataFull } from '../metadata-full.ts'
import type { LmdbMetadataStore } from './lmdb-metadata-store.ts'

export function lmdbEngine(store: LmdbMetadataStore): StoreEngine {
  return {
    findings: [],
    upkeep: [],
    check: async ({ signal }) => {
      await store.within({ signal }).tenants.list({ limit: 1 })
      try {
        await store.checkWritable()
        return { takesWrites: true }
      } catch (cause) {
        if (!(cause instanceof MetadataFull)) throw cause
        return { takesWrites: false }
      }
    },
    recover: async () => [],
    close: () => store.close(),
  }
}
