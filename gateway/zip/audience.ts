// Who waits for work that several share: it is worth going on with for as long as one of them is there.

export class Audience {
  readonly #ending = new AbortController()
  #waiting = 0

  constructor(first: AbortSignal) {
    this.join(first)
  }

  /** Aborted, for the last one's reason, when all have gone. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** `joining` is aborted when he goes. False: all had gone, and the work ends. */
  join(joining: AbortSignal): boolean {
    if (this.signal.aborted) return false
    this.#waiting += 1
    const leave = () => {
      this.#waiting -= 1
      if (this.#waiting === 0) this.#ending.abort(joining.reason)
    }
    if (joining.aborted) leave()
    else joining.addEventListener('abort', leave, { once: true })
    return true
  }
}
