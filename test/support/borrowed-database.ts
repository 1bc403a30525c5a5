// Databases for tests, which are made once and emptied between tests: to make collections and indexes takes longer than
// most tests.
import { randomBytes } from 'node:crypto'
import { initDatabase } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

let server: Promise<MongoServer> | undefined
/** Empty ones. */
const idle: string[] = []

/** Its `close` gives the database back. */
export async function borrowMongoStore(): Promise<MongoMetadataStore> {
  const uri = idle.pop() ?? (await makeDatabase())
  const store = await MongoMetadataStore.open({ uri, random: randomBytes, verbMs: 60_000 })
  const close = store.close.bind(store)
  store.close = async () => {
    await empty(store)
    await close()
    idle.push(uri)
  }
  return store
}

async function makeDatabase(): Promise<string> {
  server ??= startMongoServer()
  const uri = (await server).forDatabase(`holdfast_${randomBytes(6).toString('hex')}`)
  await initDatabase({ uri })
  return uri
}

/** All but the note of the schema. */
async function empty({ database: { db } }: MongoMetadataStore): Promise<void> {
  const collections = await db.listCollections({}, { nameOnly: true }).toArray()
  await Promise.all(
    collections.map(({ name }) =>
      db.collection(name).deleteMany(name === 'meta' ? { _id: { $ne: 'schema' as never } } : {}),
    ),
  )
}
