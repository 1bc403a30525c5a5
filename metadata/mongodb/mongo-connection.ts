// How the database is connected to: its address, its credentials, and how long anything may take.
//
// TLS, SCRAM, X.509 and `mongodb+srv` are what the driver makes of the address (`tls`, `tlsCAFile`,
// `tlsCertificateKeyFile`, `authMechanism`, `authSource`). Nothing waits for ever: a server is found, a
// connection made and had, and an answer given, each within seconds, or the verb is out of reach. How long the server itself works for
// a command that nobody waits for any more: `bounded-collection.ts`.
import type { CommandStartedEvent, MongoClient, MongoClientOptions } from 'mongodb'
import { StoreUnavailable } from '../store-unavailable.ts'
import { databaseNameOf, makeClient } from './mongo-address.ts'
import { isOutOfReach } from './mongo-failures.ts'

export type MongoAddress = {
  /** `mongodb://` or `mongodb+srv://`, with whatever the driver knows of options. */
  readonly uri: string
  /** Told of each command that is sent. */
  readonly onCommand?: (command: CommandStartedEvent) => void
}

/** What a verb rests on, whatever the address says. */
const required: MongoClientOptions = {
  appName: 'holdfast',
  writeConcern: { w: 'majority', journal: true },
  readConcernLevel: 'majority',
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  promoteBuffers: true,
  promoteValues: true,
  promoteLongs: true,
  useBigInt64: false,
  raw: false,
  ignoreUndefined: true,
}

/** Unless the address says otherwise. In milliseconds. */
const defaults: MongoClientOptions = {
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 20_000,
  waitQueueTimeoutMS: 5_000,
  maxPoolSize: 64,
}

/** Throws `MongoAddressRefused`, and `StoreUnavailable` when nobody answers. */
export async function connectMongo({
  uri,
  onCommand,
}: MongoAddress): Promise<{ client: MongoClient; name: string }> {
  const watching = onCommand === undefined ? {} : { monitorCommands: true }
  const client = makeClient(uri, { defaults, required: { ...required, ...watching } })
  if (onCommand !== undefined) client.on('commandStarted', onCommand)
  try {
    await client.connect()
  } catch (cause) {
    await client.close()
    throw isOutOfReach(cause) ? new StoreUnavailable({ cause }) : cause
  }
  return { client, name: databaseNameOf(uri) }
}
