// Buffers of one size for short work: so many exist and no more, and whoever comes later waits. Many who
// begin at once would otherwise take memory all together, which a process then keeps.
import { IdleBuffers } from './idle-buffers.ts'

export class LentBuffers {
  private readonly idle: IdleBuffers
  private readonly countMax: number
  private lent = 0
  private readonly waiting: (() => void)[] = []

  /** `keepMs`: buffers are let go of when none was used for so long. */
  constructor(options: {
    readonly bytes: number
    readonly countMax: number
    readonly keepMs: number
  }) {
    this.countMax = options.countMax
    this.idle = new IdleBuffers({
      allocate: () => Buffer.allocUnsafeSlow(options.bytes),
      keepMs: options.keepMs,
    })
  }

  /** The buffer holds anything, and is another's when `work` has ended. It must not wait for a client. */
  async use<T>(work: (buffer: Buffer) => Promise<T>): Promise<T> {
    if (this.lent < this.countMax) this.lent += 1
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      // Throws when there is no memory to be had.
      const buffer = this.idle.take()
      try {
        return await work(buffer)
      } finally {
        this.idle.giveBack(buffer)
      }
    } finally {
      const next = this.waiting.shift()
      if (next === undefined) this.lent -= 1
      else next()
    }
  }
}
