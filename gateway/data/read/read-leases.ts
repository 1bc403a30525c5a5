// Keeps what is being read readable: an object that is deleted or replaced in the middle of a long GET
// is sent to its end. One lease of the metadata store serves all reads that begin within a window, so
// that reading costs a transaction every few seconds and not one a request. During the window it covers
// everything, since nobody knows yet what will be read; then it is narrowed to what still is.
import assert from 'node:assert'
import type { LeaseScope, LeaseStore } from '../../../metadata/lease-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'

export type ReadLeasesDeps = {
  readonly leases: LeaseStore
  readonly random: RandomBytes
  /** Whose the leases are that are taken now (`metadata/owner-store.ts`). */
  readonly owner: () => string
  readonly nowMs: () => number
  /** Reads that begin within this time share a lease. Default 5,000. */
  readonly windowMs?: number
}

/** A version by its row. */
export type ReadRow = Omit<Extract<LeaseScope, { is: 'row' }>, 'is'>

export interface ReadHold {
  /** Harmless when called again. */
  release(): void
}

type Shared = {
  readonly leaseId: string
  readonly taken: Promise<void>
  readonly sinceMs: number
  upkeep: NodeJS.Timeout | undefined
  /** One for each hold, though it be of the same version. */
  readonly rows: Set<ReadRow>
  /** How many of them it is narrowed to; undefined while it covers everything. */
  named: number | undefined
}

/** A lease whose process has died holds space back for so long. */
const lifeMs = 120_000
/** One that covers everything. */
const wideLifeMs = 30_000
const renewMs = 30_000

export class ReadLeases {
  private readonly deps: ReadLeasesDeps
  private readonly windowMs: number
  private current: Shared | undefined
  private holdsCount = 0
  /** Writes that nobody waits for, but `close` does. */
  private readonly pending = new Set<Promise<unknown>>()

  constructor(deps: ReadLeasesDeps) {
    this.deps = deps
    this.windowMs = deps.windowMs ?? 5_000
  }

  /** How many reads hold. */
  get held(): number {
    return this.holdsCount
  }

  /**
   * From when it resolves until `release`, this version does not lose its data if it is there. Whether
   * it still is must be looked at again.
   */
  async hold({ bucketId, key, rowId }: ReadRow): Promise<ReadHold> {
    const shared = this.sharedNow()
    const row = { bucketId, key, rowId }
    shared.rows.add(row)
    this.holdsCount += 1
    try {
      await shared.taken
    } catch (cause) {
      if (this.current === shared) this.current = undefined
      this.letGo(shared, row)
      throw cause
    }
    let held = true
    return {
      release: () => {
        if (!held) return
        held = false
        this.letGo(shared, row)
      },
    }
  }

  /** To be called when no read is under way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.pending)
  }

  private sharedNow(): Shared {
    const now = this.deps.nowMs()
    const current = this.current
    if (current !== undefined && Math.abs(now - current.sinceMs) < this.windowMs) return current
    const leaseId = `read-${this.deps.random(12).toString('hex')}`
    const { leases } = this.deps
    const expiresMs = now + wideLifeMs
    const scopes = [{ is: 'everything' as const }]
    const owner = this.deps.owner()
    const taken = leases.take({ leaseId, purpose: 'read', owner, expiresMs, scopes })
    taken.catch(() => {})
    const rows = new Set<ReadRow>()
    const shared: Shared = {
      leaseId,
      taken,
      sinceMs: now,
      upkeep: undefined,
      rows,
      named: undefined,
    }
    this.keepUpIn(shared, this.windowMs)
    this.current = shared
    return shared
  }

  private keepUpIn(shared: Shared, ms: number): void {
    shared.upkeep = setTimeout(() => this.inBackground(this.keepUp(shared)), ms).unref()
  }

  /**
   * After its window, and again and again: names what is still read, or moves the expiry where that is
   * nothing less. A lease that was lost all the same makes a read fail, and never answer wrongly.
   */
  private async keepUp(shared: Shared): Promise<void> {
    const { leases, nowMs } = this.deps
    const { leaseId, rows, named } = shared
    // Nobody joins a lease that may not cover him.
    if (this.current === shared) this.current = undefined
    const expiresMs = nowMs() + lifeMs
    let nextMs = renewMs
    try {
      const scopes = [...rows].map((row) => ({ is: 'row' as const, ...row }))
      if (scopes.length === named) await leases.renew(leaseId, expiresMs)
      else await leases.narrow({ leaseId, expiresMs, scopes })
      shared.named = scopes.length
    } catch {
      nextMs = this.windowMs
    }
    if (rows.size > 0) this.keepUpIn(shared, nextMs)
  }

  private letGo(shared: Shared, row: ReadRow): void {
    assert(shared.rows.delete(row), 'a hold released twice')
    this.holdsCount -= 1
    if (shared.rows.size > 0) return
    // The next read takes a lease of its own: holding this one on would hold space back for nobody.
    if (this.current === shared) this.current = undefined
    clearTimeout(shared.upkeep)
    this.inBackground(this.deps.leases.letGo(shared.leaseId))
  }

  /** What fails here, expiry puts right. */
  private inBackground(work: Promise<unknown>): void {
    const settled: Promise<unknown> = work.then(
      () => this.pending.delete(settled),
      () => this.pending.delete(settled),
    )
    this.pending.add(settled)
  }
}
