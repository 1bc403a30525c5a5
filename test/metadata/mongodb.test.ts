// The engine on MongoDB keeps the contract of `MetadataStore`.
import { randomBytes } from 'node:crypto'
import { initDatabase } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { metadataStoreContract } from '../contracts/metadata-store.ts'
import { type MongoServer, startMongoServer } from '../support/mongo-server.ts'

let server: Promise<MongoServer> | undefined

metadataStoreContract('mongodb', async () => {
  server ??= startMongoServer()
  const uri = (await server).forDatabase(`holdfast_${randomBytes(6).toString('hex')}`)
  const store = await MongoMetadataStore.open({ uri, random: randomBytes })
  await initDatabase(store.database)
  return {
    store,
    close: async () => {
      await store.database.db.dropDatabase()
      await store.close()
    },
  }
})
