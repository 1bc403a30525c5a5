// Large writes go to the disk past the page cache (O_DIRECT): what is stored is seldom read at once,
// and filling the cache costs more processor time than anything else that a large upload needs. Only
// whole pages can be written so; the ragged ends are the caller's. Linux; elsewhere nothing is direct.
import { close, constants, open, write } from 'node:fs'
import { promisify } from 'node:util'
import { noRoomError } from '../../protocol/no-room.ts'

const openAsync = promisify(open)
const closeAsync = promisify(close)

/** Alignment of position, length and memory that every block device is content with. */
export const directAlignment = 4096
const stepBytes = 1024 * 1024
const wasmPageBytes = 64 * 1024
/** Aligned memory that nobody writes from, of this process: about as much as segments are written at once. */
const idle: Buffer[] = []

declare const WebAssembly:
  | { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } }
  | undefined

export type DirectFile = {
  /**
   * Writes all of the pieces one after the other, or throws. Their bytes together, and `position`, are
   * multiples of `directAlignment`. Durable with the file's next sync, as any other write.
   */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  close(): Promise<void>
}

/** The file once more. `undefined`: this system, file system or file cannot be written so. */
export async function openDirect(path: string): Promise<DirectFile | undefined> {
  const flag: number | undefined = constants.O_DIRECT
  if (flag === undefined || typeof WebAssembly === 'undefined') return undefined
  let fd: number
  try {
    fd = await openAsync(path, constants.O_WRONLY | flag)
  } catch {
    return undefined
  }
  return {
    write: (pieces, position) => writeSteps(fd, pieces, position),
    close: () => closeAsync(fd),
  }
}

async function writeSteps(
  fd: number,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const memory = idle.pop() ?? alignedBuffer()
  try {
    let at = position
    let filled = 0
    for (const piece of pieces) {
      for (let taken = 0; taken < piece.length; ) {
        const part = piece.subarray(taken, taken + memory.length - filled)
        memory.set(part, filled)
        taken += part.length
        filled += part.length
        if (filled < memory.length) continue
        await writeAll(fd, memory, at)
        at += filled
        filled = 0
      }
    }
    if (filled > 0) await writeAll(fd, memory.subarray(0, filled), at)
  } finally {
    idle.push(memory)
  }
}

/** The memory of WebAssembly starts at a page, which no other that JavaScript gets has to. */
function alignedBuffer(): Buffer {
  if (WebAssembly === undefined) throw new Error('no aligned memory here')
  return Buffer.from(new WebAssembly.Memory({ initial: stepBytes / wasmPageBytes }).buffer)
}

function writeAll(fd: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, position, (cause, count) => {
      // Of a short write whole pages count; the next call goes on, or tells why it was short.
      const whole = cause ? 0 : count - (count % directAlignment)
      if (cause) reject(cause)
      else if (whole === bytes.length) resolve()
      else if (whole === 0) reject(noRoomError(`${count} of ${bytes.length} bytes written`))
      else writeAll(fd, bytes.subarray(whole), position + whole).then(resolve, reject)
    })
  })
}
