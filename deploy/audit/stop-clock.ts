// How much of the drain time is left for those who are closed after requests have ended.

/** What is there in any case: to write what is at hand takes a moment. */
const leftMsMin = 1_000

export class StopClock {
  readonly #drainMs: number
  #endMs: number | undefined

  constructor(drainMs: number) {
    this.#drainMs = drainMs
  }

  /** The stop begins now. */
  begin(): void {
    this.#endMs ??= performance.now() + this.#drainMs
  }

  /** Milliseconds. */
  get leftMs(): number {
    const leftMs = this.#endMs === undefined ? 0 : this.#endMs - performance.now()
    return Math.max(leftMsMin, leftMs)
  }
}
