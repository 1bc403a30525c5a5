// Which version of the schema a database has. A program opens those of its own version alone: an older one is
// brought forward by `holdfast metadata init`, a newer one is of a program that came later.
import type { Db } from 'mongodb'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { countUsage } from './count-usage.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { nameTenants } from './name-tenants.ts'

/** Brings what is stored from one version to the next. Safe to repeat, and when two do it at once. */
export type SchemaStep = (db: Db) => Promise<void>

/** The first of them brings version 1 to version 2. */
export const schemaSteps: readonly SchemaStep[] = [nameTenants, countUsage]

type SchemaDocument = { readonly _id: 'schema'; readonly version: number }

const _id = 'schema'

/** For opening it. Throws `StoreRefused`, with a sentence for the operator. */
export async function checkSchema(database: MongoDatabase): Promise<void> {
  const found = await schemaVersion(database)
  const newest = schemaSteps.length + 1
  const name = database.db.databaseName
  if (found === undefined) {
    throw new StoreRefused(
      `the database ${name} is not made yet: run \`holdfast metadata init\` once`,
    )
  }
  refuseNewer({ found, newest, name })
  if (found < newest) {
    throw new StoreRefused(
      `the database ${name} has version ${found} of the schema, and this program needs ${newest}: stop all servers, and run \`holdfast metadata init\``,
    )
  }
}

/** `undefined`: nothing was made yet. */
export async function schemaVersion(database: MongoDatabase): Promise<number | undefined> {
  const found = await database.run(() => schemaCollection(database).findOne({ _id }))
  return found?.version
}

export function refuseNewer(versions: {
  readonly found: number
  readonly newest: number
  readonly name: string
}): void {
  const { found, newest, name } = versions
  if (found <= newest) return
  throw new StoreRefused(
    `the database ${name} has version ${found} of the schema, which is newer than this program (${newest}): use a newer one`,
  )
}

/** Takes the steps that are missing; each is noted when it is done. */
export async function bringForward(
  database: MongoDatabase,
  steps: readonly SchemaStep[] = schemaSteps,
): Promise<number> {
  const newest = steps.length + 1
  const found = await schemaVersion(database)
  if (found === undefined) await note(database, newest)
  for (let version = found ?? newest; version < newest; version += 1) {
    await steps[version - 1]?.(database.db)
    await note(database, version + 1)
  }
  return newest
}

/** Never back: somebody else may be further. */
async function note(database: MongoDatabase, version: number): Promise<void> {
  const schema = schemaCollection(database)
  await database.retrying(() => schema.updateOne({ _id }, { $max: { version } }, { upsert: true }))
}

function schemaCollection(database: MongoDatabase) {
  return database.collection<SchemaDocument>('meta')
}
