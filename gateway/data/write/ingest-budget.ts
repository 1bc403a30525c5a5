// The memory that uploads of a process gather chunks in: a bounded number of shared buffers of a chunk
// each, lent in the order of asking. When none is left and somebody waits, uploads that make little
// use of theirs are told to seal early what they have. What an upload does with it: `chunk-cutter.ts`.
import assert from 'node:assert'
import { chunkBytesMax } from '../../../protocol/chunks/chunk-ref.ts'
import { IdleBuffers } from '../buffers/idle-buffers.ts'

export type BudgetOptions = {
  /** Memory is at most this times `chunkBytesMax`, and as much again for the sealed form on its way out. */
  readonly buffersMax: number
  readonly nowMs: () => number
  /** A buffer that got nothing for this long is taken back when others wait. Default 100. */
  readonly quietMs?: number
  /** When the first in the queue has waited this long, the buffer lent longest is taken back. Default 300. */
  readonly patienceMs?: number
  /** Buffers are let go of when none was asked for in this time. Default 10,000. */
  readonly keepMs?: number
}

/** A buffer lent to an upload. It can be taken back from the first `touch` until `closing`. */
export interface LentBuffer {
  /** `chunkBytesMax` bytes of shared memory, holding anything. */
  readonly bytes: Buffer
  /** Something was put in. */
  touch(): void
  /** The chunk is being stored: the buffer comes back without being told. */
  closing(): void
  release(): void
}

type Loan = { askBack: () => void; lentMs: number; touchedMs: number; state: LoanState }
type LoanState = 'lent' | 'filling' | 'closing' | 'back'
type Waiter = { askBack: () => void; sinceMs: number; serve: (buffer: LentBuffer) => void }

export class IngestBudget {
  private readonly options: Required<BudgetOptions>
  private readonly idle: IdleBuffers
  private readonly loans = new Set<Loan>()
  private readonly queue: Waiter[] = []
  private pressTimer: NodeJS.Timeout | undefined

  constructor(options: BudgetOptions) {
    assert(options.buffersMax >= 1, 'a budget of no buffer')
    this.options = { quietMs: 100, patienceMs: 300, keepMs: 10_000, ...options }
    const { keepMs } = this.options
    this.idle = new IdleBuffers({
      allocate: () => Buffer.from(new SharedArrayBuffer(chunkBytesMax)),
      keepMs,
    })
  }

  /**
   * Lends a buffer, at once or in turn. `askBack` is called, at most once and never before this
   * resolved and `touch` was called, when the buffer shall be sealed with what it holds.
   */
  take(askBack: () => void): Promise<LentBuffer> {
    if (this.queue.length === 0 && this.loans.size < this.options.buffersMax) {
      return Promise.resolve(this.lend(askBack))
    }
    return new Promise((serve) => {
      this.queue.push({ askBack, sinceMs: this.options.nowMs(), serve })
      this.press()
    })
  }

  /** Buffers lent, kept for the next, and uploads waiting for one. */
  usage(): { readonly lent: number; readonly kept: number; readonly waiting: number } {
    return { lent: this.loans.size, kept: this.idle.count, waiting: this.queue.length }
  }

  private lend(askBack: () => void): LentBuffer {
    const bytes = this.idle.take()
    const { nowMs } = this.options
    const now = nowMs()
    const loan: Loan = { askBack, lentMs: now, touchedMs: now, state: 'lent' }
    this.loans.add(loan)
    return {
      bytes,
      touch: () => {
        loan.touchedMs = nowMs()
        if (loan.state === 'lent') loan.state = 'filling'
      },
      closing: () => {
        loan.state = 'closing'
      },
      release: () => {
        assert(loan.state !== 'back', 'a buffer came back twice')
        loan.state = 'back'
        this.loans.delete(loan)
        this.takeIn(bytes)
      },
    }
  }

  private takeIn(bytes: Buffer): void {
    this.idle.giveBack(bytes)
    const next = this.queue.shift()
    if (next !== undefined) next.serve(this.lend(next.askBack))
  }

  /**
   * Asks for as many buffers as there are waiters that those being stored will not serve. A stalled
   * upload gives way at once, a slow one when somebody's patience ends, so nobody waits for ever.
   */
  private press(): void {
    const now = this.options.nowMs()
    let missing = this.queue.length
    for (const loan of this.loans) if (loan.state === 'closing') missing -= 1
    while (missing > 0) {
      const quiet = this.fillingLoan((loan) => loan.touchedMs)
      if (quiet === undefined || now - quiet.touchedMs < this.options.quietMs) break
      askBack(quiet)
      missing -= 1
    }
    const waitedMs = now - (this.queue[0]?.sinceMs ?? now)
    if (missing > 0 && waitedMs >= this.options.patienceMs) {
      const longest = this.fillingLoan((loan) => loan.lentMs)
      if (longest !== undefined) askBack(longest)
    }
    if (this.queue.length > 0) this.pressLater()
  }

  private pressLater(): void {
    this.pressTimer ??= setTimeout(() => {
      this.pressTimer = undefined
      if (this.queue.length > 0) this.press()
    }, this.options.quietMs)
  }

  /** The loan in use for which `time` is earliest. */
  private fillingLoan(time: (loan: Loan) => number): Loan | undefined {
    let earliest: Loan | undefined
    for (const loan of this.loans) {
      if (loan.state !== 'filling') continue
      if (earliest === undefined || time(loan) < time(earliest)) earliest = loan
    }
    return earliest
  }
}

function askBack(loan: Loan): void {
  loan.state = 'closing'
  loan.askBack()
}
