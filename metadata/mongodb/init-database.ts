// Makes the database: collections with what their documents must have, indexes, and on a sharded cluster how each
// is spread. Safe to repeat, and when two do it at once: everything is asked for as it is to be in the end.
import { type Db, type Document, MongoServerError } from 'mongodb'
import { readClusterKind } from './cluster-kind.ts'
import { connectMongo, type MongoAddress } from './mongo-connection.ts'
import { MongoDatabase } from './mongo-database.ts'
import { type CollectionPlan, collectionPlans, type DocumentFields } from './schema.ts'
import { bringForward, refuseNewer, schemaSteps, schemaVersion } from './schema-version.ts'
import { shardCommand, spreadCommands, zoneCommands } from './sharding-commands.ts'

export type InitOptions = {
  /** Of a sharded cluster: those that everything is to lie on. Default: all of them. */
  readonly shards?: readonly string[]
}

export type Initialized = {
  readonly schema: number
  readonly collections: readonly string[]
  /** What was left as it was, for the operator to know: everything works without it. */
  readonly remarks: readonly string[]
}

const namespaceExists = 48

/** Throws `MongoAddressRefused`, `StoreRefused`, `StoreUnavailable`. */
export async function initDatabaseAt(
  address: MongoAddress,
  options: InitOptions = {},
): Promise<Initialized> {
  const database = new MongoDatabase(await connectMongo(address))
  try {
    return await initDatabase(database, options)
  } finally {
    await database.close()
  }
}

/** Throws `StoreRefused` when a later program has made it, before anything is changed. */
export async function initDatabase(
  database: MongoDatabase,
  { shards }: InitOptions = {},
): Promise<Initialized> {
  const found = await schemaVersion(database)
  const name = database.db.databaseName
  if (found !== undefined) refuseNewer({ found, newest: schemaSteps.length + 1, name })
  return database.run(async () => {
    const isSharded = (await readClusterKind(database.db)) === 'sharded'
    // Before anything is made in it: what is not sharded stays where the database began.
    const begun = isSharded ? await beginSharding(database.db, shards) : []
    for (const plan of collectionPlans) await makeCollection(database.db, plan, isSharded)
    const spread = isSharded ? await spreadCollections(database.db, shards) : []
    const schema = await bringForward(database)
    const collections = collectionPlans.map((plan) => plan.name)
    return { schema, collections, remarks: [...begun, ...spread] }
  })
}

async function makeCollection(
  db: Db,
  { name, fields, indexes, shardKey = {} }: CollectionPlan,
  isSharded: boolean,
): Promise<void> {
  const validator = fields === undefined ? {} : validatorOf(fields)
  const rules = { validator, validationLevel: 'strict', validationAction: 'error' } as const
  try {
    await db.createCollection(name, rules)
  } catch (cause) {
    if (!(cause instanceof MongoServerError && cause.code === namespaceExists)) throw cause
    await db.command({ collMod: name, ...rules })
  }
  const isHashed = Object.values(shardKey).includes('hashed')
  const hashed = isSharded && isHashed ? [{ name: 'spread', key: shardKey }] : []
  const wanted = [...indexes, ...hashed]
  if (wanted.length > 0) await db.collection(name).createIndexes(wanted)
}

function validatorOf({ required, optional = {} }: DocumentFields): Document {
  const properties = Object.fromEntries(
    Object.entries({ ...required, ...optional }).map(([name, bsonType]) => [name, { bsonType }]),
  )
  const names = Object.keys(required)
  return {
    $jsonSchema: {
      bsonType: 'object',
      ...(names.length === 0 ? {} : { required: names }),
      properties,
    },
  }
}

/** Answers what was left undone. */
async function beginSharding(db: Db, only: InitOptions['shards'] = []): Promise<readonly string[]> {
  const [primaryShard] = only
  const enable = { enableSharding: db.databaseName }
  if (primaryShard === undefined) {
    await db.client.db('admin').command(enable)
    return []
  }
  return attempt('the shard of what is not sharded stays as it is', () =>
    db.client.db('admin').command({ ...enable, primaryShard }),
  )
}

/** Answers what was left undone. */
async function spreadCollections(db: Db, only: InitOptions['shards']): Promise<readonly string[]> {
  const admin = db.client.db('admin')
  const sharded = db.client.db('config').collection<{ readonly _id: string }>('collections')
  const name = db.databaseName
  const shards = only ?? (await shardNames(db))
  for (const command of only === undefined ? [] : zoneCommands(name, collectionPlans, only)) {
    await admin.command(command)
  }
  const remarks: string[] = []
  for (const plan of collectionPlans) {
    if (plan.shardKey === undefined) continue
    const before = await sharded.findOne({ _id: `${name}.${plan.name}` })
    await admin.command(shardCommand(name, plan))
    if (before !== null || (await db.collection(plan.name).findOne({})) !== null) continue
    for (const command of spreadCommands(name, plan, shards)) {
      const left = `${plan.name} is left to the balancer`
      remarks.push(...(await attempt(left, () => admin.command(command))))
    }
  }
  return remarks
}

/** What comes to nothing here is a matter of speed. */
async function attempt(left: string, work: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await work()
    return []
  } catch (cause) {
    if (!(cause instanceof MongoServerError)) throw cause
    return [`${left}: ${cause.message}`]
  }
}

async function shardNames(db: Db): Promise<readonly string[]> {
  const { shards } = await db.client.db('admin').command({ listShards: 1 })
  return shards.map(({ _id }: { readonly _id: string }) => _id)
}
