// What one bucket or tenant holds, as far as this process knows: as it was read last, with what has been let in since.
import type { Usage } from '../../metadata/usage.ts'

/** What a request brings. */
export type Added = { readonly bytes: number; readonly objects: number }

type Sum = { bytes: number; objects: number }

export type HeldUsageDeps = {
  readonly read: () => Promise<Usage>
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
}

export class HeldUsage {
  readonly #deps: HeldUsageDeps
  #usage: Usage | undefined
  #readMs = Number.NEGATIVE_INFINITY
  /** Let in since the look that `#usage` is of began, and what was under way then: it may or may not be in it. */
  #since: Sum = { bytes: 0, objects: 0 }
  /** The same, for the look that goes on. */
  #sinceNext: Sum = { bytes: 0, objects: 0 }
  /** Let in, and neither committed nor given up. */
  readonly #underWay: Sum = { bytes: 0, objects: 0 }
  #looking: Promise<void> = Promise.resolve()
  #nextLook: Promise<void> | undefined

  constructor(deps: HeldUsageDeps) {
    this.#deps = deps
  }

  /** Milliseconds since it was read. */
  get ageMs(): number {
    return this.#deps.clock() - this.#readMs
  }

  /** At least what it holds; when it was never read, nothing. */
  get bytes(): number {
    const { bytes = 0, partBytes = 0 } = this.#usage ?? {}
    return bytes + partBytes + this.#since.bytes
  }

  get objects(): number {
    return (this.#usage?.versions ?? 0) + this.#since.objects
  }

  /** Answers what is to be called when it was committed, or was not. */
  letIn({ bytes, objects }: Added): () => void {
    const sums = [this.#since, this.#underWay, ...(this.#isLooking ? [this.#sinceNext] : [])]
    for (const sum of sums) {
      sum.bytes += bytes
      sum.objects += objects
    }
    return () => {
      this.#underWay.bytes -= bytes
      this.#underWay.objects -= objects
    }
  }

  /** Reads it, beginning after this call: those who call while it is being read share the next time. */
  look(): Promise<void> {
    this.#nextLook ??= this.#looking
      .catch(() => {})
      .then(() => {
        this.#nextLook = undefined
        this.#looking = this.#read()
        return this.#looking
      })
    return this.#nextLook
  }

  #isLooking = false

  async #read(): Promise<void> {
    const beganMs = this.#deps.clock()
    this.#sinceNext = { ...this.#underWay }
    this.#isLooking = true
    try {
      this.#usage = await this.#deps.read()
      this.#readMs = beganMs
      this.#since = this.#sinceNext
    } finally {
      this.#isLooking = false
    }
  }
}
