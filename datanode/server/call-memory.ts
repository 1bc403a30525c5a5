// Memory for calls and answers that are as large as chunks, used again and again: the kernel takes longer to hand out
// four fresh MiB than they take to be filled.
import { chunkBytesMax, sealedBytes } from '../../protocol/chunks/chunk-ref.ts'

/** Any chunk, and what the disk reads with its frames. */
const largeBytes = sealedBytes(chunkBytesMax) + 128 * 1024
/** What is smaller is cheap to have anew. */
const worthBytes = 128 * 1024
/** Kept for the next calls. */
const idleMax = 16

export class CallMemory {
  readonly #idle: Buffer[] = []

  /** At least so much. */
  take(bytes: number): Buffer {
    if (bytes < worthBytes || bytes > largeBytes) return Buffer.allocUnsafe(bytes)
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(largeBytes)
  }

  /** Nobody looks at it any more. What is not given back is lost to nobody but the next call. */
  giveBack(memory: Buffer): void {
    if (memory.length === largeBytes && this.#idle.length < idleMax) this.#idle.push(memory)
  }
}
