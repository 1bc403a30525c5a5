// Memory that sealed frames are read into. They are of no use once they are opened: with new memory for
// each read the collector marks everything again and again, and a crowd of readers takes a lot at once.
import { frameBytesMax } from '../../../protocol/chunks/chunk-ref.ts'
import { IdleBuffers } from './idle-buffers.ts'

/**
 * Buffers of one size for short work: so many exist and no more, and whoever comes later waits. Many who
 * begin at once would otherwise take memory all together, which a process then keeps.
 */
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

/** Frames that are read at once: 1 MiB of plaintext. */
export const framesPerRead = 16

/** For frames that are read whole at the ends of a range, and for what lies between many chunks. */
const overheadBytes = 192 * 1024
const keepMs = 10_000
/** Reads of fewer bytes have memory of their own, which the collector finds soon. */
const lentBytesMin = 32 * 1024

/** More reads at once than the disk's threads serve; 14 MiB if all are lent. */
const sizes = [
  { bytes: 160 * 1024, countMax: 16 },
  { bytes: 400 * 1024, countMax: 8 },
  { bytes: framesPerRead * frameBytesMax + overheadBytes, countMax: 6 },
].map((size) => ({ ...size, buffers: new LentBuffers({ ...size, keepMs }) }))

/**
 * Calls `work` with memory for a read of so many bytes, or without when the read is too small to need
 * it or larger than any. The memory is another's when `work` has ended.
 */
export function withFrameMemory<T>(
  bytes: number,
  work: (memory: Buffer | undefined) => Promise<T>,
): Promise<T> {
  const size = bytes < lentBytesMin ? undefined : sizes.find((one) => one.bytes >= bytes)
  return size === undefined ? work(undefined) : size.buffers.use(work)
}
