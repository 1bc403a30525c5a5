// The lineage of this engine: one document with the note, and beside it the mark, which one process makes greater.
//
// Nothing here counts commits: a counter would be written by every commit there is. Whether anything was
// committed is told by the time of the newest operation, which the server gives with each answer. That time is
// no proof of age, for a server that was given an older backup goes on with today's; marks lie in the data, and
// are as old as it is. So `commits` answers the mark. See docs/decisions/0038.
import assert from 'node:assert'
import type { Timestamp } from 'mongodb'
import type { CatalogLineage } from '../../protocol/store/lineage.ts'
import { encodeLineage, parseLineage } from '../codec/lineage-codec.ts'
import type { LineageStore } from '../lineage-store.ts'
import type { MongoDatabase } from './mongo-database.ts'
import type { Shared } from './shared.ts'

type LineageDocument = { readonly _id: 'lineage'; readonly c: Buffer; readonly mark: number }

const _id = 'lineage'
const lookMs = 5_000

export function mongoLineage({ db }: Shared): LineageStore {
  const meta = db.collection<LineageDocument>('meta')
  /** The newest operation that the mark covers. */
  let covered: Timestamp | undefined
  /** The mark that was put or answered last. */
  let answered: number | undefined

  const noted = async (): Promise<CatalogLineage | undefined> => {
    const found = await db.run(() => meta.findOne({ _id }))
    return found === null ? undefined : { ...parseLineage(found.c), mark: found.mark }
  }
  const markNow = async (): Promise<number> => {
    const lineage = await noted()
    assert(lineage !== undefined, 'a mark of metadata that have no lineage')
    return lineage.mark
  }
  /** Answers when, unless the mark is another. */
  const grow = (from: number): Promise<Timestamp | undefined> =>
    db.run(() =>
      db.db.client.withSession(async (session) => {
        const update = { $inc: { mark: 1 } }
        const { matchedCount } = await meta.updateOne({ _id, mark: from }, update, { session })
        return matchedCount === 1 ? session.operationTime : undefined
      }),
    )
  return {
    get: noted,

    put: async (lineage) => {
      const { mark } = lineage
      const note = { c: encodeLineage(lineage), mark }
      await db.run(() => meta.replaceOne({ _id }, note, { upsert: true }))
      answered = mark
    },

    // One whose answer was lost is not made greater another time: the chunks have noted the one before it, and two
    // marks behind would be taken for a copy of theirs.
    advance: async () => {
      const newest = await newestOperation(db)
      const before = answered ?? (await markNow())
      if (covered !== undefined && !newest.greaterThan(covered)) return before
      const grownAt = await grow(before)
      answered = grownAt === undefined ? await markNow() : before + 1
      covered = grownAt ?? covered
      return answered
    },

    commits: async () => (await noted())?.mark ?? 0,

    // Others write to it from other machines.
    watch: () => undefined,
  }
}

/** Of all shards that have objects, as far as a majority has it. */
async function newestOperation(database: MongoDatabase): Promise<Timestamp> {
  const look = {
    ...{ find: 'objects', filter: {}, projection: { _id: 1 }, limit: 1, singleBatch: true },
    ...{ readConcern: { level: 'majority' }, maxTimeMS: lookMs },
  }
  const { operationTime } = await database.run(() => database.db.command(look))
  assert(operationTime !== undefined, 'a server that is no member of a replica set')
  return operationTime
}
