// Metadata on MongoDB keep the contract of `StoreEngine`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mongoEngine } from '../../metadata/mongodb/mongo-engine.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { storeEngineContract } from '../contracts/store-engine.ts'
import { openMongoStore } from '../support/mongo-stores.ts'
import { describeOnMongo, onMongo } from '../support/on-mongo.ts'

onMongo('mongodb', () => {
  storeEngineContract('mongodb', async () => {
    const { uri, close } = await openMongoStore()
    const reopen = async () =>
      mongoEngine(await MongoMetadataStore.open({ uri, random: randomBytes }))
    const engine = await reopen()
    // The store that has made the database throws it away.
    return { engine, reopen, discard: close }
  })
})

describeOnMongo('mongodb: the life of an engine', (test) => {
  test('one that was closed is not well, and says that it is out of reach', async () => {
    const { store, close } = await openMongoStore()
    const engine = mongoEngine(store)
    const { signal } = new AbortController()
    try {
      assert.deepEqual(await engine.check({ signal }), { takesWrites: true })
    } finally {
      await close()
    }
    await assert.rejects(engine.check({ signal }), StoreUnavailable)
  })
})
