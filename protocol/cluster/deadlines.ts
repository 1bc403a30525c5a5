// Many deadlines, kept by one timer: a timer of its own for each call would cost more than all the rest of
// waiting for it. They pass up to `stepMs` late. Times are of `performance.now()`.

const stepMs = 20

export type Deadline = {
  readonly endsMs: number
  /** Called once when the time has passed, unless it was taken out before. */
  pass(): void
}

export class Deadlines {
  readonly #kept = new Set<Deadline>()
  #timer: NodeJS.Timeout | undefined

  add(deadline: Deadline): void {
    this.#kept.add(deadline)
    this.#timer ??= setInterval(() => this.#look(), stepMs)
  }

  delete(deadline: Deadline): void {
    this.#kept.delete(deadline)
  }

  #look(): void {
    const nowMs = performance.now()
    for (const deadline of this.#kept) {
      if (deadline.endsMs > nowMs) continue
      this.#kept.delete(deadline)
      deadline.pass()
    }
    if (this.#kept.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
