// Databases of their own on the MongoDB for tests, made and thrown away.
import { randomBytes } from 'node:crypto'
import { type Initialized, initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import {
  type MongoMetadataOptions,
  MongoMetadataStore,
} from '../../metadata/mongodb/mongo-metadata-store.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

let server: Promise<MongoServer> | undefined

/** The address of a database that nobody has made yet. */
export async function freshMongoUri(): Promise<string> {
  server ??= startMongoServer()
  return (await server).forDatabase(`holdfast_${randomBytes(6).toString('hex')}`)
}

/** Databases that were emptied: to make collections and indexes takes longer than most tests. */
const emptied: string[] = []

/** An empty database, whose store gives it back when it is closed. */
export async function borrowMongoStore(
  options: Partial<MongoMetadataOptions> = {},
): Promise<MongoMetadataStore> {
  const [store] = await borrowMongoStores(1, options)
  if (store === undefined) throw new Error('no store')
  return store
}

/** Several engines on one empty database; the first, to be closed last, gives it back. */
export async function borrowMongoStores(
  count: number,
  options: Partial<MongoMetadataOptions> = {},
): Promise<readonly MongoMetadataStore[]> {
  const uri = emptied.pop() ?? (await makeDatabase())
  const stores: MongoMetadataStore[] = []
  for (let opened = 0; opened < count; opened += 1) {
    stores.push(
      await MongoMetadataStore.open({
        ...{ uri, random: randomBytes, verbMs: 60_000 },
        ...options,
      }),
    )
  }
  const [first] = stores
  if (first === undefined) throw new RangeError('no engine was asked for')
  const close = first.close.bind(first)
  first.close = async () => {
    await emptyDatabase(first)
    await close()
    emptied.push(uri)
  }
  return stores
}

async function makeDatabase(): Promise<string> {
  const uri = await freshMongoUri()
  await initDatabaseAt({ uri })
  return uri
}

/** All but the note of the schema. */
export async function emptyDatabase({ database: { db } }: MongoMetadataStore): Promise<void> {
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name)
  const all = names.filter((name) => name !== 'meta').map((name) => db.collection(name))
  const notes = db.collection<{ _id: string }>('meta').deleteMany({ _id: { $ne: 'schema' } })
  await Promise.all([notes, ...all.map((collection) => collection.deleteMany({}))])
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
