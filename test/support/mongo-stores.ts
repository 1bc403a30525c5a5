// Databases of their own on the MongoDB for tests, made and thrown away.
import { randomBytes } from 'node:crypto'
import { type Initialized, initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

let server: Promise<MongoServer> | undefined

/** The address of a database that nobody has made yet. */
export async function freshMongoUri(): Promise<string> {
  server ??= startMongoServer()
  return (await server).forDatabase(`holdfast_${randomBytes(6).toString('hex')}`)
}

export type OpenedMongoStore = {
  readonly uri: string
  readonly store: MongoMetadataStore
  readonly initialized: Initialized
  /** Throws the database away. */
  close(): Promise<void>
}

export async function openMongoStore(): Promise<OpenedMongoStore> {
  const uri = await freshMongoUri()
  const initialized = await initDatabaseAt({ uri })
  const store = await MongoMetadataStore.open({ uri, random: randomBytes })
  const close = async () => {
    await store.database.db.dropDatabase()
    await store.close()
  }
  return { uri, store, initialized, close }
}
