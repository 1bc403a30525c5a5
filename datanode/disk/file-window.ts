// Reads a file forward through one buffer, so that many small looks cost few reads.
import type { VfsFile } from './vfs.ts'

const windowBytes = 1024 * 1024

export class FileWindow {
  readonly #file: Pick<VfsFile, 'read'>
  #memory = Buffer.alloc(0)
  #window = this.#memory
  #start = 0

  constructor(file: Pick<VfsFile, 'read'>) {
    this.#file = file
  }

  /** A view, good until the next call; shorter than `count` only at the end of the file. */
  async bytes(offset: number, count: number): Promise<Buffer> {
    const from = offset - this.#start
    if (from >= 0 && from + count <= this.#window.length) {
      return this.#window.subarray(from, from + count)
    }
    if (this.#memory.length < count) {
      this.#memory = Buffer.allocUnsafeSlow(Math.max(windowBytes, count))
    }
    const into = this.#memory.subarray(0, Math.max(windowBytes, count))
    // Nothing is in it until the read has ended well.
    this.#window = into.subarray(0, 0)
    const got = await this.#file.read(into, offset)
    this.#window = into.subarray(0, got)
    this.#start = offset
    return this.#window.subarray(0, count)
  }
}
