// Whether there is room to add to an environment. Some is kept for what removes, which needs a little
// too before it gives any back. Asked for every commit that adds, so that the answer is kept a while.
import { statfs } from 'node:fs/promises'

const askAgainMs = 1000
const marginBytesMax = 64 * 1024 * 1024
/** Of a small disk less is kept: one part in so many. */
const marginShare = 32

export class RoomGauge {
  readonly #path: string
  #isFresh = false
  #isShort = false
  #asking: Promise<void> | undefined

  /** `path`: any on the file system that is meant. */
  constructor(path: string) {
    this.#path = path
  }

  /** False: there was room a moment ago. True: ask `isShort`, as is done about once a second. */
  mayBeShort(): boolean {
    return this.#isShort || !this.#isFresh
  }

  /** Whether there was no room when the disk was last asked, at most a second ago. */
  async isShort(): Promise<boolean> {
    if (!this.#isFresh || this.#asking !== undefined) await this.#ask()
    return this.#isShort
  }

  /** A commit has found no room: the next one asks again before it tries. */
  exhausted(): void {
    this.#isShort = true
    this.#isFresh = false
  }

  #ask(): Promise<void> {
    this.#asking ??= statfs(this.#path)
      .then(
        ({ bavail, blocks, bsize }) => {
          const marginBytes = Math.min(marginBytesMax, (blocks * bsize) / marginShare)
          this.#isShort = bavail * bsize < marginBytes
        },
        // The commit itself will tell what is wrong.
        () => {
          this.#isShort = false
        },
      )
      .then(() => {
        this.#asking = undefined
        this.#isFresh = true
        setTimeout(() => {
          this.#isFresh = false
        }, askAgainMs).unref()
      })
    return this.#asking
  }
}
