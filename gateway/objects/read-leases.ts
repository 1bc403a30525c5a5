// Keeps what is being read readable: an object that is deleted or replaced in the middle of a long GET
// is sent to its end. One lease of the metadata store serves all reads that begin within a window, so
// that reading costs a transaction every few seconds and not one a request.
import assert from 'node:assert'
import type { LeaseStore } from '../../metadata/lease-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'

export type ReadLeasesParts = {
  readonly leases: LeaseStore
  readonly random: RandomBytes
  readonly nowMs: () => number
  /** Reads that begin within this time share a lease. Default 5,000. */
  readonly windowMs?: number
}

export interface ReadHold {
  /** Harmless when called again. */
  release(): void
}

type Shared = {
  readonly leaseId: string
  readonly taken: Promise<void>
  readonly sinceMs: number
  readonly renewing: NodeJS.Timeout
  holds: number
}

/** A lease whose process has died holds space back for so long. */
const lifeMs = 120_000
const renewMs = 30_000

export class ReadLeases {
  private readonly parts: ReadLeasesParts
  private readonly windowMs: number
  private current: Shared | undefined
  private holdsCount = 0
  /** Writes that nobody waits for, but `close` does. */
  private readonly pending = new Set<Promise<unknown>>()

  constructor(parts: ReadLeasesParts) {
    this.parts = parts
    this.windowMs = parts.windowMs ?? 5_000
  }

  /** How many reads hold. */
  get held(): number {
    return this.holdsCount
  }

  /**
   * From when it resolves until `release`, no version that is there loses its data. Whether a version
   * found before is still there must be looked at again.
   */
  async hold(): Promise<ReadHold> {
    const shared = this.sharedNow()
    shared.holds += 1
    this.holdsCount += 1
    try {
      await shared.taken
    } catch (cause) {
      if (this.current === shared) this.current = undefined
      this.letGo(shared)
      throw cause
    }
    let held = true
    return {
      release: () => {
        if (!held) return
        held = false
        this.letGo(shared)
      },
    }
  }

  /** To be called when no read is under way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.pending)
  }

  private sharedNow(): Shared {
    const now = this.parts.nowMs()
    const current = this.current
    if (current !== undefined && Math.abs(now - current.sinceMs) < this.windowMs) return current
    const leaseId = `read-${this.parts.random(12).toString('hex')}`
    const { leases } = this.parts
    const taken = leases.take({ leaseId, purpose: 'read', expiresMs: now + lifeMs })
    taken.catch(() => {})
    const renewing = setInterval(() => this.renew(leaseId), renewMs)
    renewing.unref()
    this.current = { leaseId, taken, sinceMs: now, renewing, holds: 0 }
    return this.current
  }

  /** A lease that was lost all the same makes a read fail, and never answer wrongly. */
  private renew(leaseId: string): void {
    const { leases, nowMs } = this.parts
    this.inBackground(leases.renew(leaseId, nowMs() + lifeMs))
  }

  private letGo(shared: Shared): void {
    assert(shared.holds > 0, 'a hold released twice')
    shared.holds -= 1
    this.holdsCount -= 1
    if (shared.holds > 0) return
    // The next read takes a lease of its own: holding this one on would hold space back for nobody.
    if (this.current === shared) this.current = undefined
    clearInterval(shared.renewing)
    this.inBackground(this.parts.leases.letGo(shared.leaseId))
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
