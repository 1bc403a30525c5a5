// Memory for calls and answers that are as large as frames or chunks, used again and again: the kernel takes longer to
// hand out fresh memory than it takes to be filled, and to have it back is work too.
import { chunkBytesMax, frameBytesMax, sealedBytes } from '../../protocol/chunks/chunk-ref.ts'

/** What the disk reads with frames, and more. */
export const besidesFramesBytes = 4096
/** What is smaller is cheap to have anew. */
const worthBytes = 16 * 1024

type Size = { readonly bytes: number; readonly idleMax: number; readonly idle: Buffer[] }

export class CallMemory {
  /** One frame, and any chunk; from the smallest on. */
  readonly #sizes: readonly Size[] = [
    { bytes: frameBytesMax + besidesFramesBytes, idleMax: 128, idle: [] },
    { bytes: sealedBytes(chunkBytesMax) + besidesFramesBytes, idleMax: 16, idle: [] },
  ]

  /** At least so much. */
  take(bytes: number): Buffer {
    const size = bytes < worthBytes ? undefined : this.#sizes.find((each) => each.bytes >= bytes)
    if (size === undefined) return Buffer.allocUnsafe(bytes)
    return size.idle.pop() ?? Buffer.allocUnsafeSlow(size.bytes)
  }

  /** Nobody looks at it any more. What is not given back is lost to nobody but the next call. */
  giveBack(memory: Buffer): void {
    const size = this.#sizes.find(({ bytes }) => bytes === memory.length)
    if (size !== undefined && size.idle.length < size.idleMax) size.idle.push(memory)
  }
}
