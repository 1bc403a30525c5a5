// How fast a reader reads ahead: as the client takes what it is given, and as the process's budget
// allows. So a hundred clients that do not read hold little, and one that reads is not held up.
import type { Batch } from '../data/buffers/batch.ts'
import {
  fastLaneBytes,
  fastStepBytes,
  fastStepsAhead,
  firstJudgedBytes,
  judgedBytes,
  slowAfterMs,
  slowStepBytes,
} from './zip-limits.ts'

export type ReadingParts = {
  readonly budget: ReadAheadBudget
  readonly readers: Pick<OpenReaders, 'areMany'>
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
}

export class ReadingLane {
  private holdsBudget = false
  private mayBeFast = false
  /** What the client has taken since it was last judged: a new one is given credit. */
  private takenBytes = judgedBytes - firstJudgedBytes
  private waitedMs = 0
  private given = { bytes: 0, atMs: 0 }
  private readonly budget: ReadAheadBudget
  private readonly readers: Pick<OpenReaders, 'areMany'>
  private readonly clock: () => number

  constructor(deps: ReadingParts) {
    this.budget = deps.budget
    this.readers = deps.readers
    this.clock = deps.clock
  }

  get isFast(): boolean {
    return this.holdsBudget && this.mayBeFast && !this.readers.areMany
  }

  /** Steps that may be under way beside the one that is sent: none for a slow client. */
  get stepsAhead(): number {
    return this.isFast ? fastStepsAhead : 0
  }

  /**
   * Bytes of the next step; becomes fast if it may. To be asked of a slow client when all that was read
   * has been sent: only then does it give its place up.
   */
  nextStepBytes(): number {
    if (!this.mayBeFast || this.readers.areMany) this.end()
    else if (!this.holdsBudget) this.holdsBudget = this.budget.tryTake(fastLaneBytes)
    return this.holdsBudget ? fastStepBytes : slowStepBytes
  }

  /**
   * To be called with a batch as it is given away. Who reads yields it itself: a generator between the
   * two would go on holding it while the client is slow with the next.
   */
  give(batch: Batch): Batch {
    let bytes = 0
    for (const { length } of batch) bytes += length
    this.given = { bytes, atMs: this.clock() }
    return batch
  }

  /** The batch has been taken: the client is judged when it has taken enough, or has taken too long. */
  taken(): void {
    this.takenBytes += this.given.bytes
    this.waitedMs += this.clock() - this.given.atMs
    const isSlow = this.waitedMs >= slowAfterMs
    if (!isSlow && this.takenBytes < judgedBytes) return
    this.mayBeFast = !isSlow
    this.takenBytes = 0
    this.waitedMs = 0
  }

  /** Gives back what it holds; to be called at the end, too. */
  end(): void {
    if (this.holdsBudget) this.budget.giveBack(fastLaneBytes)
    this.holdsBudget = false
  }
}

/** How many archives a process is reading, for whoever has to know when they are many. */
export class OpenReaders {
  private count = 0
  private readonly many: number
  private readonly onMany: (areMany: boolean) => void

  /** `onMany`: told when there are `many` of them, and when there are fewer again. */
  constructor(options: { readonly many: number; readonly onMany: (areMany: boolean) => void }) {
    this.many = options.many
    this.onMany = options.onMany
  }

  get areMany(): boolean {
    return this.count >= this.many
  }

  enter(): void {
    this.count += 1
    if (this.count === this.many) this.onMany(true)
  }

  leave(): void {
    if (this.count === this.many) this.onMany(false)
    this.count -= 1
  }
}

/**
 * How much the downloads of one process read ahead together. A reader that gets nothing of it goes on in small
 * steps, which it always may.
 */
export class ReadAheadBudget {
  private free: number

  constructor(options: { readonly bytes: number }) {
    this.free = options.bytes
  }

  /** Bytes that are left. */
  get freeBytes(): number {
    return this.free
  }

  tryTake(bytes: number): boolean {
    if (this.free < bytes) return false
    this.free -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.free += bytes
  }
}
