// Documents of leases, and how they change: within a transaction each, which writes the document of every lease that it
// concerns, so that of two that meet one runs anew. The protocol is modelled in
// `test/simulation/mongo-lease-model.ts`.
//
// A lease has *lives*: numbers under which its scopes count (`lease-scopes.ts`), and under which removed versions are
// filed that they hold (`held-versions.ts`). A life ends with its lease, or when the lease is narrowed; or it goes over to
// another lease with all that it covers and holds, which is untouched by that. It never comes back. Those who settle
// versions write nothing here: thousands may wait for one lease.
import type { Lease, LeaseScope } from '../lease-store.ts'
import type { Within } from './chunk-claims.ts'
import { drawNumber } from './lease-numbers.ts'
import { bucketFilter, bucketsOf, leaseScopes, scopeDocuments } from './lease-scopes.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import { ownTasks, releaseTask, taskDocuments } from './task-fields.ts'

/** `n` is its number, and it covers what was removed since `since`. */
export type Life = { readonly n: number; readonly since: number }

export type LeaseDocument = {
  readonly _id: string
  readonly purpose: string
  readonly owner?: string
  readonly expires: number
  /** When it was taken, or the oldest of those that it was handed. */
  readonly since: number
  /** What was committed at this number or later, it does not cover. Absent: it covers that too. */
  readonly sealed?: number
  readonly lives: readonly Life[]
  /** In which its scopes lie (`bucketsOf`). */
  readonly buckets: readonly string[]
  /** Counts the changes of it. */
  readonly touched: number
}

export function leasesIn(db: MongoDatabase) {
  return db.collection<LeaseDocument>('leases')
}

export async function leaseAt(
  { db, session }: Within,
  leaseId: string,
): Promise<LeaseDocument | undefined> {
  return (await leasesIn(db).findOne({ _id: leaseId }, { session })) ?? undefined
}

/** Takes a lease, or adds a life to it, with scopes for the beginning. `buckets` are those of all scopes to come. */
export async function takeLease(
  within: Within,
  lease: Lease & { readonly n: number; readonly buckets: readonly string[] },
): Promise<void> {
  const { leaseId, purpose, owner, expiresMs, n, buckets, scopes } = lease
  const before = await leaseAt(within, leaseId)
  const life = { n, since: n }
  const taken = {
    _id: leaseId,
    purpose,
    ...(owner === undefined ? {} : { owner }),
    expires: expiresMs,
    since: before?.since ?? n,
    lives: [...(before?.lives ?? []), life],
    buckets: [...new Set([...(before?.buckets ?? []), ...buckets])],
    touched: before?.touched ?? 0,
  }
  if (before === undefined) {
    await leasesIn(within.db).insertOne(taken, { session: within.session })
  } else await replaceLease(within, taken)
  await insertScopes(within, scopes, life)
}

/** More scopes of a life. False: it is over. */
export async function widenLease(
  within: Within,
  { leaseId, n, scopes }: { leaseId: string; n: number; scopes: readonly LeaseScope[] },
): Promise<boolean> {
  const lease = await leaseAt(within, leaseId)
  const life = lease?.lives.find((each) => each.n === n)
  if (lease === undefined || life === undefined) return false
  await replaceLease(within, lease)
  await insertScopes(within, scopes, life)
  return true
}

/** A life for the scopes that a lease is to be narrowed to, with the first of them. False: the lease is gone. */
export async function beginNarrowing(
  within: Within,
  { leaseId, n, scopes }: { leaseId: string; n: number; scopes: readonly LeaseScope[] },
): Promise<boolean> {
  const lease = await leaseAt(within, leaseId)
  if (lease === undefined) return false
  const life = { n, since: lease.since }
  await replaceLease(within, { ...lease, lives: [...lease.lives, life] })
  await insertScopes(within, scopes, life)
  return true
}

/** Ends all lives but this one. False: it is over itself. */
export async function endNarrowing(
  within: Within,
  narrowed: { leaseId: string; n: number; expiresMs: number; scopes: readonly LeaseScope[] },
): Promise<boolean> {
  const { leaseId, n, expiresMs, scopes } = narrowed
  const lease = await leaseAt(within, leaseId)
  const life = lease?.lives.find((each) => each.n === n)
  if (lease === undefined || life === undefined) return false
  const buckets = bucketsOf(scopes)
  await replaceLease(within, { ...lease, expires: expiresMs, lives: [life], buckets })
  await endLives(
    within,
    lease.lives.filter((each) => each.n !== n),
  )
  return true
}

/**
 * Whoever took it has looked: what is committed from now on, it does not cover. `n` was drawn after the look, so
 * that whatever was committed before has a lower one.
 */
export async function sealLease(within: Within, leaseId: string, n: number): Promise<void> {
  const { db, session } = within
  const lease = await leaseAt(within, leaseId)
  if (lease === undefined) return
  await replaceLease(within, { ...lease, sealed: n })
  if (lease.buckets.length === 0) return
  await db.buckets.updateMany(bucketFilter(lease.buckets), { $max: { sealed: n } }, { session })
}

/** Moves the expiry. False: there is no such lease any more. */
export async function renewLease(
  within: Within,
  leaseId: string,
  expiresMs: number,
): Promise<boolean> {
  const lease = await leaseAt(within, leaseId)
  if (lease === undefined) return false
  await replaceLease(within, { ...lease, expires: expiresMs })
  return true
}

/** As `LeaseStore.handOver`. What is filed under its lives stays there. */
export async function handLeaseOver(within: Within, leaseId: string, to: string): Promise<boolean> {
  const { db, session } = within
  if (leaseId === to) return false
  const from = await leaseAt(within, leaseId)
  const taker = await leaseAt(within, to)
  if (from === undefined || taker === undefined) return false
  const { sealed, ...rest } = taker
  const isOpen = from.sealed === undefined || sealed === undefined
  await replaceLease(within, {
    ...rest,
    ...(isOpen ? {} : { sealed: Math.max(from.sealed, sealed) }),
    since: Math.min(from.since, taker.since),
    lives: [...taker.lives, ...from.lives],
    buckets: [...new Set([...taker.buckets, ...from.buckets])],
  })
  const { _id, touched } = from
  const { deletedCount } = await leasesIn(db).deleteOne({ _id, touched }, { session })
  if (deletedCount !== 1) throw new Conflict()
  return true
}

/** Ends a lease, unless it is not as `only` demands. */
export async function letLeaseGo(
  within: Within,
  leaseId: string,
  only: (lease: LeaseDocument) => boolean = () => true,
): Promise<boolean> {
  const { db, session } = within
  const lease = await leaseAt(within, leaseId)
  if (lease === undefined || !only(lease)) return false
  const { _id, touched, lives } = lease
  const { deletedCount } = await leasesIn(db).deleteOne({ _id, touched }, { session })
  if (deletedCount !== 1) throw new Conflict()
  await endLives(within, lives)
  return true
}

/** A lease without scopes, which looks at nothing. */
export async function takeEmptyLease(within: Within, lease: Omit<Lease, 'scopes'>): Promise<void> {
  const n = await drawNumber(within.db)
  await takeLease(within, { ...lease, scopes: [], n, buckets: [] })
  await sealLease(within, lease.leaseId, await drawNumber(within.db))
}

/** As it was read, or nothing. */
async function replaceLease({ db, session }: Within, lease: LeaseDocument): Promise<void> {
  const { _id, touched } = lease
  const after = { ...lease, touched: touched + 1 }
  const { matchedCount } = await leasesIn(db).replaceOne({ _id, touched }, after, { session })
  if (matchedCount !== 1) throw new Conflict()
}

async function insertScopes(
  { db, session }: Within,
  scopes: readonly LeaseScope[],
  life: Life,
): Promise<void> {
  const documents = scopeDocuments(scopes, life)
  if (documents.length > 0) await leaseScopes(db).insertMany(documents, { session })
}

/** Their scopes cover nothing from now on; what they hold is sifted (`sift-held.ts`). */
async function endLives({ db, session }: Within, lives: readonly Life[]): Promise<void> {
  const tasks = lives.map(({ n }) => releaseTask(ownTasks, { what: 'endedLife', life: n }))
  if (tasks.length > 0) await db.tasks.insertMany(taskDocuments(tasks), { session })
}
