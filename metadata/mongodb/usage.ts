// How much buckets hold. A commit writes what it adds into a document that it writes anyway (`KeyDocument.d`), or, where it
// writes none that stays, into a note beside the key: so that it costs no command, and no two commits of different keys
// meet. What a bucket holds is its count and its notes together, read as of one moment. `fold` adds notes to counts.
import type { ClientSession } from 'mongodb'
import { hiddenNamespace } from '../namespaces.ts'
import type { TenantId } from '../records.ts'
import { addUsage, noUsage, type Usage, type UsageChange, usageFields } from '../usage.ts'
import type { UsageStore } from '../usage-store.ts'
import { notePlace } from './key-places.ts'
import type { MongoDatabase } from './mongo-database.ts'
import type { Shared } from './shared.ts'

/** By bucket; it is there while the bucket is. */
export type UsageDocument = Usage & { readonly _id: string }

const bucketIdBytes = 8

export function usageIn(db: MongoDatabase) {
  return db.collection<UsageDocument>('usage')
}

export function mongoUsage({ db, random }: Shared): UsageStore {
  return {
    ofBucket: ({ id }) =>
      db.transact(async ({ session }) => {
        const found = await usageOf({ db, session }, [id])
        return found.get(id) ?? noUsage
      }),

    ofTenant: (tenantId) =>
      db.transact(async ({ session }) => {
        const buckets = await bucketsOf({ db, session }, tenantId)
        const found = await usageOf({ db, session }, buckets.ids)
        let sum: Usage = noUsage
        for (const usage of found.values()) sum = addUsage(sum, usage)
        return { ...sum, buckets: buckets.shown }
      }),

    // From anywhere on, so that several who do it seldom meet.
    fold: async (limit) => {
      if (limit <= 0) return 0
      const start = random(bucketIdBytes).toString('hex')
      const folded = await foldPage(db, { $gte: start }, limit)
      return folded > 0 ? folded : foldPage(db, { $lt: start }, limit)
    },
  }
}

type Within = { readonly db: MongoDatabase; readonly session: ClientSession }

async function bucketsOf(
  { db, session }: Within,
  tenantId: TenantId,
): Promise<{ readonly ids: readonly string[]; readonly shown: number }> {
  const hidden = hiddenNamespace(tenantId)
  const found = await db.buckets
    .find({ tenant: tenantId }, { session, hint: 'owned' })
    .project<{ readonly id: string; readonly ns: string }>({ _id: 0, id: 1, ns: 1 })
    .toArray()
  return { ids: found.map(({ id }) => id), shown: found.filter(({ ns }) => ns !== hidden).length }
}

/** Count and notes, of those that are there. */
async function usageOf(
  { db, session }: Within,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Usage>> {
  const usage = new Map<string, Usage>()
  for (const count of await usageIn(db)
    .find({ _id: { $in: [...ids] } }, { session })
    .toArray()) {
    usage.set(count._id, addUsage(noUsage, count))
  }
  const sums = Object.fromEntries(usageFields.map((field) => [field, { $sum: `$d.${field}` }]))
  const noted = await db.objects
    .aggregate<UsageDocument>(
      [
        { $match: { b: { $in: [...usage.keys()] }, d: { $exists: true } } },
        { $group: { _id: '$b', ...sums } },
      ],
      { session, hint: 'noted' },
    )
    .toArray()
  for (const sum of noted) usage.set(sum._id, addUsage(usage.get(sum._id) ?? noUsage, sum))
  return usage
}

type NotedDocument = {
  readonly _id: unknown
  readonly b: string
  readonly s: string
  readonly d: UsageChange
}

/** Answers how many notes there were. Who changes one of these documents meanwhile meets this, and one of the two begins anew. */
function foldPage(
  db: MongoDatabase,
  b: { readonly $gte: string } | { readonly $lt: string },
  limit: number,
): Promise<number> {
  return db.transact(async ({ session }) => {
    const found = await db.objects
      .find({ b, d: { $exists: true } }, { session, hint: 'noted', limit, batchSize: limit + 1 })
      .project<NotedDocument>({ b: 1, s: 1, d: 1 })
      .toArray()
    if (found.length === 0) return 0
    const sums = new Map<string, Usage>()
    for (const { b, d } of found) sums.set(b, addUsage(sums.get(b) ?? noUsage, d))
    // Of a bucket that is gone there is no count, and nothing is counted any more.
    const counts = [...sums].map(([_id, sum]) => ({
      updateOne: { filter: { _id }, update: { $inc: sum } },
    }))
    await usageIn(db).bulkWrite(counts, { session })
    const isNote = ({ s }: NotedDocument) => s.startsWith(notePlace(''))
    const [notes, others] = [found.filter(isNote), found.filter((each) => !isNote(each))]
    if (notes.length > 0) await db.objects.deleteMany(filterOf(notes), { session })
    if (others.length > 0) {
      await db.objects.updateMany(filterOf(others), { $unset: { d: '' } }, { session })
    }
    return found.length
  })
}

/** With the buckets, by which shards are told. */
function filterOf(documents: readonly NotedDocument[]) {
  const b = { $in: [...new Set(documents.map((each) => each.b))] }
  return { b, _id: { $in: documents.map(({ _id }) => _id) } } as object
}
