// What goes on failing is told of once: a disk may be full for days.

/** Tells of failures, of those in a row with the same message once. */
export class ToldFailures {
  readonly #tell: (cause: unknown) => void
  #last: string | undefined

  constructor(tell: (cause: unknown) => void) {
    this.#tell = tell
  }

  failed(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (message !== this.#last) this.#tell(cause)
    this.#last = message
  }

  /** It has done well again. */
  ended(): void {
    this.#last = undefined
  }
}
