// Owners: a document each, from their beginning until what they have left is cleared away. Every change is one
// command, on condition that he still lives.
import type { ClientSession } from 'mongodb'
import type { OwnerBeat, OwnerStore } from '../owner-store.ts'
import { type ClusterKind, readClusterKind } from './cluster-kind.ts'
import type { OwnerDocument } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import type { Shared } from './shared.ts'

/**
 * How long one that has ended is kept where there are shards, in milliseconds. What was filed under him before
 * his end may become visible on one of them after it, when a transaction is over that both took part in; and
 * those last a minute at most.
 */
const keptMs = 120_000

const living: OwnerBeat = { is: 'living' }
const ended: OwnerBeat = { is: 'ended' }
const lives = { until: { $gt: 0 } }

/**
 * Whether something may be filed under him, in a transaction that does so. It changes his document, so that of
 * this and of his end one waits for the other: what has been filed is found by who clears up.
 */
export async function touchOwner(
  { owners }: MongoDatabase,
  session: ClientSession,
  owner: string,
): Promise<boolean> {
  const touch = { $inc: { touched: 1 } }
  const { matchedCount } = await owners.updateOne({ _id: owner, ...lives }, touch, { session })
  return matchedCount === 1
}

export function mongoOwners({ db, clock }: Shared): OwnerStore {
  const { owners } = db
  let kind: ClusterKind | undefined
  const untilOf = async (lifeMs: number) => Math.max(1, (await clock.nowMs()) + lifeMs)
  /** Answers whether he was as he is to be. */
  const end = async (owner: string, was: { until: number | { $gt: number } }) => {
    const update = { $set: { until: 0, ended: await clock.nowMs() } }
    const { matchedCount } = await db.run(() => owners.updateOne({ _id: owner, ...was }, update))
    return matchedCount === 1
  }
  /** Of those found, one who has beaten meanwhile is not as he was found. */
  const endAll = async (which: { $gt: number; $lt?: number }) => {
    const found = await db.run(() => owners.find({ until: which }, { hint: 'until' }).toArray())
    let count = 0
    for (const { _id, until } of found) {
      const was = which.$lt === undefined ? lives : { until }
      if (await end(_id, was)) count += 1
    }
    return count
  }
  return {
    begin: async (owner, lifeMs) => {
      const until = { $cond: [{ $eq: ['$until', 0] }, 0, await untilOf(lifeMs)] }
      const options = { upsert: true, returnDocument: 'after' } as const
      // Of two who begin him at once, one may be told that he is there.
      const now = await db.retrying(() =>
        owners.findOneAndUpdate({ _id: owner }, [{ $set: { until } }], options),
      )
      return isLiving(now) ? living : ended
    },

    beat: async (owner, lifeMs) => {
      const update = { $set: { until: await untilOf(lifeMs) } }
      const { matchedCount } = await db.run(() =>
        owners.updateOne({ _id: owner, ...lives }, update),
      )
      return matchedCount === 1 ? living : ended
    },

    end: async (owner) => {
      await end(owner, lives)
    },

    endOverdue: async () => endAll({ $gt: 0, $lt: await clock.nowMs() }),
    endFormerLives: () => endAll({ $gt: 0 }),

    ended: async ({ after, limit }) => {
      const behind = after === undefined ? {} : { _id: { $gt: after } }
      const found = await db.run(() =>
        owners
          .find({ until: 0, ...behind }, { hint: 'until' })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(({ _id }) => _id)
    },

    forget: async (owner) => {
      kind ??= await db.run(() => readClusterKind(db.db))
      const over = kind === 'sharded' ? { ended: { $lt: (await clock.nowMs()) - keptMs } } : {}
      await db.run(() => owners.deleteOne({ _id: owner, until: 0, ...over }))
    },
  }
}

function isLiving(document: OwnerDocument | null): boolean {
  return document !== null && document.until !== 0
}
