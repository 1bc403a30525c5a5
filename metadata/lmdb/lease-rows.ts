// Rows of leases, and the numbers by which they and versions know of one another. What a lease covers is
// in `lease-scopes.ts`, what it holds in `held-rows.ts`. The protocol is modelled in
// `test/simulation/lease-model.ts`.
//
// One number of the store grows with whatever changes a lease. A version notes it when it is committed,
// and again when it is buried; a lease notes it when it is taken, for each of its scopes, and when it is
// sealed. So it is told which came first, without a clock.
import {
  array,
  count,
  decodeRecord,
  encodeRecord,
  optionalText,
  RecordCorrupt,
  text,
} from '../codec/record-frame.ts'
import type { Lease, LeaseScope } from '../lease-store.ts'
import { putScope, removeScopes } from './lease-scopes.ts'
import type { Tables } from './lmdb-environment.ts'
import { appendRelease, ownTasks } from './outbox-rows.ts'
import { everyRow, justAfter, numberKey, numberOfKey, rangeOf } from './row-keys.ts'

export type LeaseRow = Omit<Lease, 'scopes'> & {
  /** Under which number it files what it holds. */
  readonly file: number
  /** What was committed at this number or later, it does not cover. */
  readonly sealed: number | undefined
  /** When it was taken, or the oldest of those it was handed. */
  readonly since: number
  /** Those of its scopes, its own and those it was handed. */
  readonly lives: readonly number[]
}

const tallyKey = Buffer.from('leases')

/** `last`: the number given last. `living`: how many leases there are. */
export type LeaseTally = { readonly last: number; readonly living: number }

export function leaseTally(tables: Tables): LeaseTally {
  const bytes = tables.meta.get(tallyKey)
  if (bytes === undefined) return { last: 0, living: 0 }
  return { last: numberOfKey(bytes), living: numberOfKey(bytes.subarray(8)) }
}

/** The next number. So many leases more live from now on. */
function nextNumber(tables: Tables, more: -1 | 0 | 1): number {
  const { last, living } = leaseTally(tables)
  const next = last + 1
  tables.meta.put(tallyKey, Buffer.concat([numberKey(next), numberKey(living + more)]))
  return next
}

export function leaseAt(tables: Tables, leaseId: string): LeaseRow | undefined {
  const bytes = tables.leases.get(Buffer.from(leaseId))
  return bytes && parseLease(bytes)
}

/** Those behind this id, or all of them: they are few. */
export function leasesOf(tables: Tables, after?: string): readonly LeaseRow[] {
  const start = after === undefined ? everyRow.start : justAfter(Buffer.from(after))
  return [...tables.leases.rows({ ...everyRow, start })].map((row) => parseLease(row.value))
}

/** The lease of a scope; undefined when it is over. */
export function leaseOfLife(tables: Tables, life: number): LeaseRow | undefined {
  const leaseId = tables.leaseLives.get(numberKey(life))
  return leaseId && leaseAt(tables, leaseId.toString())
}

/** Some of the scopes of a lease, and since when they count. */
export type LeaseLife = {
  readonly leaseId: string
  readonly life: { readonly number: number; readonly since: number }
}

/** Takes a lease, or adds to it. */
export function takeLease(tables: Tables, { scopes, ...lease }: Lease): LeaseLife {
  const before = leaseAt(tables, lease.leaseId)
  const number = nextNumber(tables, before === undefined ? 1 : 0)
  const { file, since, lives } = before ?? { file: number, since: number, lives: [] }
  const taken = { ...lease, file, sealed: undefined, since, lives }
  const begun = addLife(tables, taken, { number, since: number })
  addScopes(tables, begun.life, scopes)
  return begun
}

function addLife(tables: Tables, lease: LeaseRow, life: LeaseLife['life']): LeaseLife {
  const { leaseId, lives } = lease
  putLease(tables, { ...lease, lives: [...lives, life.number] })
  tables.leaseLives.put(numberKey(life.number), Buffer.from(leaseId))
  return { leaseId, life }
}

/** More scopes of a life. False: the lease is gone. */
export function widenLease(
  tables: Tables,
  { leaseId, life }: LeaseLife,
  scopes: readonly LeaseScope[],
): boolean {
  const lease = leaseAt(tables, leaseId)
  if (lease === undefined || !lease.lives.includes(life.number)) return false
  addScopes(tables, life, scopes)
  return true
}

/** Whoever took it has looked: what is committed from now on, it does not cover. */
export function sealLease(tables: Tables, leaseId: string): void {
  const lease = leaseAt(tables, leaseId)
  if (lease !== undefined) putLease(tables, { ...lease, sealed: nextNumber(tables, 0) })
}

/** Moves the expiry. False: there is no such lease any more. */
export function renewLease(tables: Tables, leaseId: string, expiresMs: number): boolean {
  const lease = leaseAt(tables, leaseId)
  if (lease === undefined) return false
  putLease(tables, { ...lease, expiresMs })
  return true
}

/** A life for the scopes that a lease is to be narrowed to. Undefined: it is gone. */
export function beginNarrowing(tables: Tables, leaseId: string): LeaseLife | undefined {
  const lease = leaseAt(tables, leaseId)
  if (lease === undefined) return undefined
  return addLife(tables, lease, { number: nextNumber(tables, 0), since: lease.since })
}

/** Ends all lives but this one. False: the lease is gone. */
export function endNarrowing(
  tables: Tables,
  { leaseId, life }: LeaseLife,
  expiresMs: number,
): boolean {
  const lease = leaseAt(tables, leaseId)
  if (lease === undefined || !lease.lives.includes(life.number)) return false
  endLives(
    tables,
    lease.lives.filter((other) => other !== life.number),
  )
  // A file of its own, so that what is sifted is not met again.
  putLease(tables, { ...lease, expiresMs, file: life.number, lives: [life.number] })
  sift(tables, lease.file)
  return true
}

/** As `LeaseStore.handOver`. */
export function handLeaseOver(tables: Tables, leaseId: string, to: string): boolean {
  const from = leaseAt(tables, leaseId)
  const taker = leaseAt(tables, to)
  if (from === undefined || taker === undefined || leaseId === to) return false
  tables.leases.remove(Buffer.from(leaseId))
  nextNumber(tables, -1)
  for (const life of from.lives) tables.leaseLives.put(numberKey(life), Buffer.from(to))
  const isOpen = from.sealed === undefined || taker.sealed === undefined
  const sealed = isOpen ? undefined : Math.max(from.sealed, taker.sealed)
  const lives = [...taker.lives, ...from.lives]
  const since = Math.min(from.since, taker.since)
  putLease(tables, { ...taker, sealed, since, lives })
  sift(tables, from.file)
  return true
}

export function letLeaseGo(tables: Tables, leaseId: string): void {
  const lease = leaseAt(tables, leaseId)
  if (lease === undefined) return
  tables.leases.remove(Buffer.from(leaseId))
  nextNumber(tables, -1)
  endLives(tables, lease.lives)
  sift(tables, lease.file)
}

/** Whether something waits for it. */
export function holdsRows(tables: Tables, { file }: LeaseRow): boolean {
  return !tables.heldReleases.isEmpty(rangeOf(numberKey(file)))
}

function addScopes(
  tables: Tables,
  { number, since }: LeaseLife['life'],
  scopes: readonly LeaseScope[],
): void {
  for (const scope of scopes) putScope(tables, scope, { life: number, since })
}

/** Their scopes cover nothing from now on. */
function endLives(tables: Tables, lives: readonly number[]): void {
  for (const life of lives) {
    tables.leaseLives.remove(numberKey(life))
    if (removeScopes(tables, life)) continue
    appendRelease(tables, ownTasks, { what: 'leaseScopes', life })
  }
}

/** Has what is filed there looked at again, in steps: others may hold it, or nobody. */
function sift(tables: Tables, file: number): void {
  if (tables.heldReleases.isEmpty(rangeOf(numberKey(file)))) return
  appendRelease(tables, ownTasks, { what: 'heldReleases', file })
}

function putLease(tables: Tables, lease: LeaseRow): void {
  const { leaseId, purpose, expiresMs, file, sealed, since, lives, owner } = lease
  const fields = [leaseId, purpose, expiresMs, file, sealed ?? null, since, lives, owner]
  tables.leases.put(Buffer.from(leaseId), encodeRecord(2, fields))
}

/** Format 1 knew no scopes; `migrate-leases.ts` leaves none behind. */
function fromFormat1(): never {
  throw new RecordCorrupt('lease: of format 1')
}

function parseLease(bytes: Buffer): LeaseRow {
  const fields = decodeRecord('lease', bytes, [fromFormat1])
  const lives = array(fields, 6)
  const owner = optionalText(fields, 7)
  return {
    leaseId: text(fields, 0),
    purpose: text(fields, 1),
    expiresMs: count(fields, 2),
    file: count(fields, 3),
    sealed: fields[4] == null ? undefined : count(fields, 4),
    since: count(fields, 5),
    lives: lives.map((_, at) => count(lives, at)),
    ...(owner === undefined ? {} : { owner }),
  }
}
