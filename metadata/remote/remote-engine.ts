// The life of metadata that are kept elsewhere, as every store has one: whoever keeps them keeps them up.
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import type { RemoteMetadataStore } from './remote-metadata-store.ts'

export function remoteEngine(store: RemoteMetadataStore): StoreEngine {
  return {
    findings: [],
    upkeep: [],
    check: async ({ signal }) => {
      await store.within({ signal }).tenants.list({ limit: 1 })
      // A service whose disk is full says so to each write.
      return { takesWrites: true }
    },
    recover: async () => [],
    close: () => store.close(),
  }
}
