// Whether there is room for another chunk. Some space is kept back, so that deletes and compaction
// still work when the disk is full. The answer is cached: it is asked for every chunk.
import type { Vfs } from './vfs.ts'

const askAgainMs = 1000
const askAgainBytes = 64 * 1024 * 1024

export class FreeSpace {
  readonly #options: { vfs: Vfs; path: string; reserveBytes: number; nowMs: () => number }
  #freeBytes = 0
  #takenSince = 0
  #asking: Promise<void> | undefined
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(options: { vfs: Vfs; path: string; reserveBytes: number; nowMs: () => number }) {
    this.#options = options
  }

  /** True when `bytes` more leave the reserve untouched; counts them as taken then. */
  async take(bytes: number): Promise<boolean> {
    if (this.#isOutdated()) await this.#askOnce()
    if (bytes > this.#left()) return false
    this.#takenSince += bytes
    return true
  }

  /** Bytes that could be taken. */
  async roomBytes(): Promise<number> {
    if (this.#isOutdated()) await this.#askOnce()
    return Math.max(0, this.#left())
  }

  #left(): number {
    return this.#freeBytes - this.#takenSince - this.#options.reserveBytes
  }

  #isOutdated(): boolean {
    const { nowMs } = this.#options
    return this.#takenSince >= askAgainBytes || nowMs() - this.#askedMs >= askAgainMs
  }

  /** All who come meanwhile wait for the one answer. */
  #askOnce(): Promise<void> {
    this.#asking ??= this.#ask()
    return this.#asking
  }

  async #ask(): Promise<void> {
    const { vfs, path, nowMs } = this.#options
    try {
      this.#freeBytes = await vfs.freeBytes(path)
      this.#takenSince = 0
      this.#askedMs = nowMs()
    } finally {
      this.#asking = undefined
    }
  }

  /** A write has met the end of the disk. */
  exhausted(): void {
    this.#freeBytes = 0
    this.#askedMs = this.#options.nowMs()
  }
}
