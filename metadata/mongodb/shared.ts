// What all nouns of this engine are made with.
import type { MongoDatabase } from './mongo-database.ts'
import type { ServerClock } from './server-clock.ts'

export type Random = (bytes: number) => Buffer

export type Shared = {
  readonly db: MongoDatabase
  readonly clock: ServerClock
  /** Bytes for ids that nobody can guess. */
  readonly random: Random
}
