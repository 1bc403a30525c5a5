// The life of metadata on MongoDB, as every store has one. What processes leave behind in it that ended, others clear
// away by their owners; the database looks after itself.
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import { leave } from '../within.ts'
import type { MongoMetadataStore } from './mongo-metadata-store.ts'

/** A primary that a majority follows answers this, and nobody else. */
const asked = { readConcern: { level: 'linearizable' }, maxTimeMS: 5_000 } as const

export function mongoEngine(store: MongoMetadataStore): StoreEngine {
  const { database } = store
  return {
    findings: [],
    upkeep: [],
    check: async ({ signal }) => {
      signal.throwIfAborted()
      const look = database.run(() =>
        database.collection<{ _id: string }>('meta').findOne({ _id: 'schema' }, asked),
      )
      await leave(look, signal)
      return { takesWrites: true }
    },
    recover: async () => [],
    close: () => store.close(),
  }
}
