// What stands between verbs and an environment that cannot be written, for the moment or for good: judges
// commits that failed, and knows whether another is to be tried.
import { MetadataFull } from '../metadata-full.ts'
import { FullOrBroken } from './full-or-broken.ts'
import { RoomGauge } from './room-gauge.ts'

/**
 * Whether another process could open the environment to write to it. `writableAgain`: it was read-only when
 * this one lost it.
 */
export type DiskState = 'writable' | 'readOnly' | 'writableAgain'

export type WriteFenceOptions = {
  /** Of an environment that is open. */
  readonly path: string
  /** Whether the library still takes transactions, and so reads. */
  readonly takesTransactions: () => boolean
  /** Told once. */
  readonly onUnusable: (cause: unknown, disk: DiskState) => void
}

/** EROFS. */
const readOnlyCode = 30
const lookAgainMs = 1_000

export function isReadOnly(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === readOnlyCode
}

export class WriteFence {
  readonly #options: WriteFenceOptions
  readonly #gauge: RoomGauge
  readonly #fullOrBroken: FullOrBroken
  /** This process writes nothing here any more. */
  #isFinal = false
  /** The disk is read-only. */
  #isRefusing = false
  #looking: NodeJS.Timeout | undefined
  /** That of the last commit, if it failed. */
  #failure: { readonly cause: unknown } | undefined

  constructor(options: WriteFenceOptions) {
    this.#options = options
    this.#gauge = new RoomGauge(options.path)
    this.#fullOrBroken = new FullOrBroken(options.path)
  }

  /** Undefined: the last commit did well. */
  get failure(): { readonly cause: unknown } | undefined {
    return this.#failure
  }
  get isFinal(): boolean {
    return this.#isFinal
  }
  get isRefusing(): boolean {
    return this.#isRefusing
  }

  /**
   * Throws `MetadataFull` while nothing is to be tried, and another error when nothing is any more: a
   * transaction that the library refuses leaves its native lock taken, and all that come next wait for it. Nor is
   * it asked to write to a disk that takes nothing: unless it was mended (`../../deploy/mend-lmdb.mjs`), it writes past
   * a buffer of its own then.
   */
  require(): void {
    const cause = this.#failure?.cause
    if (this.#isRefusing) throw new MetadataFull({ cause })
    if (this.#isFinal) throw new Error('this process writes no metadata any more', { cause })
    const readOnly = this.#fullOrBroken.readOnlyCause()
    if (readOnly === undefined) return
    this.#failure = { cause: readOnly }
    this.#refuseWhileReadOnly()
    throw new MetadataFull({ cause: readOnly })
  }

  /** False: there was room a moment ago. True: ask `isShort`. */
  mayBeShort(): boolean {
    return this.#gauge.mayBeShort()
  }
  isShort(): Promise<boolean> {
    return this.#gauge.isShort()
  }

  committed(): void {
    this.#failure = undefined
  }

  /** The environment was opened to be read alone. Once the disk can be written another has to open it. */
  onlyRead(cause: unknown): void {
    this.#failure = { cause }
    this.#isFinal = true
    this.#refuseWhileReadOnly()
  }

  /** As `FullOrBroken.judge`, of a write within a transaction that nobody has committed. */
  judgeWrite(cause: unknown): Promise<'full' | 'broken'> {
    return this.#fullOrBroken.judge(cause, cause)
  }

  /**
   * True: there may be room later, and nothing of the commit counts. After a failed write of its meta
   * page the library refuses every transaction of this process, and leaves their promises open; after
   * another error of the disk nothing is to be tried again here. But a disk that is full is not broken:
   * when this process still takes transactions, the meta page was not touched.
   */
  async isPassing(commit: unknown, cause: unknown): Promise<boolean> {
    this.#failure = { cause }
    if (this.#isFinal) return false
    const reads = this.#options.takesTransactions()
    if (reads && (await this.#fullOrBroken.judge(commit, cause)) === 'full') {
      this.#gauge.exhausted()
      if (isReadOnly(cause) && this.#fullOrBroken.isReadOnly()) this.#refuseWhileReadOnly()
      return true
    }
    if (this.#isFinal) return false
    this.#isFinal = true
    const disk = this.#fullOrBroken.isReadOnly() ? 'readOnly' : 'writable'
    // Whoever took this process's place could not open the environment either: it reads on until then.
    if (reads && disk === 'readOnly') this.#refuseWhileReadOnly()
    else this.#options.onUnusable(cause, disk)
    return false
  }

  /** Nothing is tried before the disk can be written again; then a process that is fenced has to end. */
  #refuseWhileReadOnly(): void {
    this.#isRefusing = true
    this.#looking ??= setInterval(() => this.#look(), lookAgainMs).unref()
  }

  #look(): void {
    if (this.#fullOrBroken.isReadOnly() || this.#looking === undefined) return
    clearInterval(this.#looking)
    this.#looking = undefined
    this.#isRefusing = false
    if (this.#isFinal) this.#options.onUnusable(this.#failure?.cause, 'writableAgain')
  }

  close(): void {
    clearInterval(this.#looking)
    this.#looking = undefined
    this.#fullOrBroken.close()
  }
}
