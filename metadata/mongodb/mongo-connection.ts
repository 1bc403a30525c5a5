// How the database is connected to: its address, its credentials, and how long anything may take.
import { MongoClient, type MongoClientOptions } from 'mongodb'

export type MongoAddress = {
  /** `mongodb://` or `mongodb+srv://`, with whatever the driver knows of options. */
  readonly uri: string
}

const defaultName = 'holdfast'

/** What a verb rests on, whatever the address says. */
const required: MongoClientOptions = {
  appName: 'holdfast',
  writeConcern: { w: 'majority', journal: true },
  readConcernLevel: 'majority',
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  promoteBuffers: true,
  ignoreUndefined: true,
}

const defaults = {
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 20_000,
  waitQueueTimeoutMS: 5_000,
  maxPoolSize: 64,
}

export async function connectMongo({
  uri,
}: MongoAddress): Promise<{ client: MongoClient; name: string }> {
  const client = new MongoClient(uri, { ...defaults, ...required })
  await client.connect()
  const name = client.options.dbName === 'test' ? defaultName : client.options.dbName
  return { client, name }
}
