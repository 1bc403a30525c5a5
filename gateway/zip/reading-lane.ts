// How fast a reader reads ahead: as the client takes what it is given, and as the process's budget
// allows. So a hundred clients that do not read hold little, and one that reads is not held up.
import type { Batch } from '../objects/batch.ts'
import type { ReadAheadBudget } from './read-ahead-budget.ts'
import {
  fastAfterSteps,
  fastLaneBytes,
  fastStepBytes,
  fastStepsAhead,
  slowAfterMs,
  slowStepBytes,
} from './zip-limits.ts'

export class ReadingLane {
  private holdsBudget = false
  /** The first batch is small: it may never be fetched, and then nobody gives anything back. */
  private promptSteps = fastAfterSteps - 1
  private givenMs = 0
  private readonly budget: ReadAheadBudget
  private readonly clock: () => number

  /** `clock`: milliseconds, of one that does not jump. */
  constructor(parts: { readonly budget: ReadAheadBudget; readonly clock: () => number }) {
    this.budget = parts.budget
    this.clock = parts.clock
  }

  get isFast(): boolean {
    return this.holdsBudget
  }

  /** Steps that may be under way beside the one that is sent: none for a slow client. */
  get stepsAhead(): number {
    return this.holdsBudget ? fastStepsAhead : 0
  }

  /** Bytes of the next step; becomes fast if it may. */
  nextStepBytes(): number {
    if (!this.holdsBudget && this.promptSteps >= fastAfterSteps) {
      this.holdsBudget = this.budget.tryTake(fastLaneBytes)
    }
    return this.holdsBudget ? fastStepBytes : slowStepBytes
  }

  /**
   * To be called with a batch as it is given away. Who reads yields it itself: a generator between the
   * two would go on holding it while the client is slow with the next.
   */
  given(batch: Batch): Batch {
    this.givenMs = this.clock()
    return batch
  }

  /** The batch has been taken: a client that was slow with it loses its place. */
  taken(): void {
    if (this.clock() - this.givenMs < slowAfterMs) {
      this.promptSteps += 1
    } else {
      this.promptSteps = 0
      this.end()
    }
  }

  /** Gives back what it holds; to be called at the end, too. */
  end(): void {
    if (this.holdsBudget) this.budget.giveBack(fastLaneBytes)
    this.holdsBudget = false
  }
}
