// Leases: the verbs of `LeaseStore`. Their documents are `lease-documents.ts`'s, what they cover is `lease-scopes.ts`'s.
import type { LeaseScope, LeaseStore } from '../lease-store.ts'
import { recallIn, rememberIn } from './commit-records.ts'
import {
  beginNarrowing,
  endNarrowing,
  handLeaseOver,
  type LeaseDocument,
  leasesIn,
  letLeaseGo,
  takeLease,
  widenLease,
} from './lease-documents.ts'
import { drawNumber } from './lease-numbers.ts'
import { bucketsOf } from './lease-scopes.ts'
import type { MongoDatabase } from './mongo-database.ts'
import type { Shared } from './shared.ts'

/** So many are written in one transaction. */
const scopesAtOnce = 500
const leasesAtOnce = 100
const askedAtOnce = 16

type Scopes = readonly LeaseScope[]

export function mongoLeases({ db }: Shared): LeaseStore {
  /** False: the life was over meanwhile. */
  const widen = async (leaseId: string, n: number, pages: readonly Scopes[]) => {
    for (const scopes of pages) {
      const isWider = await db.transact(({ session }) =>
        widenLease({ db, session }, { leaseId, n, scopes }),
      )
      if (!isWider) return false
    }
    return true
  }
  /** Lets go of those among these that are as they are to be; answers how many. */
  const letGoAll = async (
    found: readonly Pick<LeaseDocument, '_id'>[],
    only: (lease: LeaseDocument) => boolean,
  ) => {
    let count = 0
    for (const { _id } of found) {
      const isOver = await db.transact(({ session }) => letLeaseGo({ db, session }, _id, only))
      if (isOver) count += 1
    }
    return count
  }
  return {
    take: async (lease) => {
      const [first = [], ...more] = pagesOf(lease.scopes)
      const n = await drawNumber(db)
      const begun = { ...lease, n, scopes: first, buckets: bucketsOf(lease.scopes) }
      await db.transact(({ session }) => takeLease({ db, session }, begun))
      if (await widen(lease.leaseId, n, more)) return
      throw new Error(`lease ${lease.leaseId} went while it was taken`)
    },

    renew: async (leaseId, expiresMs) => {
      const update = { $set: { expires: expiresMs }, $inc: { touched: 1 } }
      const { matchedCount } = await db.retrying(() =>
        leasesIn(db).updateOne({ _id: leaseId }, update),
      )
      return { is: matchedCount === 1 ? 'renewed' : 'gone' }
    },

    narrow: async ({ leaseId, expiresMs, scopes }) => {
      const [first = [], ...more] = pagesOf(scopes)
      const n = await drawNumber(db)
      const end = { leaseId, n, expiresMs, scopes }
      // What is to be covered stays covered: the new scopes are there before the old ones go.
      const isBegun = await db.transact(async ({ session }) => {
        const within = { db, session }
        if (!(await beginNarrowing(within, { leaseId, n, scopes: first }))) return false
        return more.length > 0 || endNarrowing(within, end)
      })
      if (!isBegun) return { is: 'gone' }
      if (more.length === 0) return { is: 'narrowed' }
      if (!(await widen(leaseId, n, more))) return { is: 'gone' }
      const isEnded = await db.transact(({ session }) => endNarrowing({ db, session }, end))
      return { is: isEnded ? 'narrowed' : 'gone' }
    },

    handOver: (leaseId, to, options) =>
      db.transact(async ({ session }) => {
        const within = { db, session }
        const handedOver = { is: 'handedOver' } as const
        if (await recallIn(within, options?.commitId, 'handedOver')) return handedOver
        if (!(await handLeaseOver(within, leaseId, to))) return { is: 'gone' }
        await rememberIn(within, options?.commitId, handedOver)
        return handedOver
      }),

    letGo: async (leaseId) => {
      await db.transact(({ session }) => letLeaseGo({ db, session }, leaseId))
    },

    letGoOf: async (owner) => {
      const found = await db.run(() => leasesIn(db).find({ owner }).toArray())
      if (found.length === 0 || (await isLiving(db, owner))) return 0
      return letGoAll(found, (lease) => lease.owner === owner)
    },

    expire: async (nowMs) => {
      // Looked at before writing, since this is asked every few seconds and mostly finds nothing.
      const found = await db.run(() =>
        leasesIn(db)
          .find({ expires: { $lt: nowMs } }, { projection: { _id: 1 } })
          .toArray(),
      )
      return letGoAll(found, ({ expires }) => expires < nowMs)
    },

    holding: async (purpose, { after, limit }) => {
      const held: string[] = []
      for (let last = after; ; ) {
        const page = await leasesOf(db, purpose, last)
        for (let at = 0; at < page.length; at += askedAtOnce) {
          const some = page.slice(at, at + askedAtOnce)
          const holds = await Promise.all(some.map((lease) => holdsAny(db, lease)))
          for (const [index, { _id }] of some.entries()) {
            if (holds[index] === true && held.length < limit) held.push(_id)
          }
          if (held.length === limit) return held
        }
        if (page.length < leasesAtOnce) return held
        last = page.at(-1)?._id
      }
    },
  }
}

function pagesOf(scopes: Scopes): readonly Scopes[] {
  const pages: Scopes[] = []
  for (let at = 0; at < scopes.length; at += scopesAtOnce) {
    pages.push(scopes.slice(at, at + scopesAtOnce))
  }
  return pages
}

/** Owners who have ended never come back, so that a look is enough. */
async function isLiving(db: MongoDatabase, owner: string): Promise<boolean> {
  const found = await db.run(() => db.owners.findOne({ _id: owner, until: { $gt: 0 } }))
  return found !== null
}

function leasesOf(
  db: MongoDatabase,
  purpose: string,
  after: string | undefined,
): Promise<LeaseDocument[]> {
  const behind = after === undefined ? {} : { _id: { $gt: after } }
  return db.run(() =>
    leasesIn(db)
      .find({ purpose, ...behind })
      .sort({ purpose: 1, _id: 1 })
      .limit(leasesAtOnce)
      .toArray(),
  )
}

async function holdsAny(db: MongoDatabase, { lives }: LeaseDocument): Promise<boolean> {
  const held = { $in: lives.map(({ n }) => n) }
  const found = await db.run(() =>
    db.objects.findOne({ held }, { hint: 'held', projection: { _id: 1 } }),
  )
  return found !== null
}
