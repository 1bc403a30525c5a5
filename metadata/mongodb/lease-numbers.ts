// The one number of the store that grows with whatever changes a lease, by which leases and versions know of one
// another without a clock. A lease notes it when it is taken and when it is sealed; a version when it is committed, and
// again when a lease holds it after its removal.
//
// Whoever commits need not ask for it. Any value from before the commit is safe, for it makes a version older than it
// is, so that a lease which was sealed meanwhile holds it in vain. So the seal of a lease notes its number in the
// buckets that it covers, and a process uses the greatest number it knows of.
import type { ClientSession } from 'mongodb'
import type { MongoDatabase } from './mongo-database.ts'

type NumberDocument = { readonly _id: string; readonly n: number }

const counter = { _id: 'leases' }

function meta(db: MongoDatabase) {
  return db.collection<NumberDocument>('meta')
}

/** The next number. Never within a transaction: all who draw would meet there. */
export async function drawNumber(db: MongoDatabase): Promise<number> {
  const drawn = await db.retrying(() =>
    meta(db).findOneAndUpdate(
      counter,
      { $inc: { n: 1 } },
      { upsert: true, returnDocument: 'after' },
    ),
  )
  return db.learnNumber(drawn?.n ?? 0)
}

/** The number that was drawn last. */
export async function lastNumber(db: MongoDatabase, session: ClientSession): Promise<number> {
  const found = await meta(db).findOne(counter, { session })
  return db.learnNumber(found?.n ?? 0)
}
