// The calls that a service has begun and not ended: how many, and how many bytes of theirs it holds. Beyond its
// bounds it takes no more. Each ends with its deadline: its signal is aborted then, and what reads no answer is cut.
import { type Deadline, Deadlines } from './deadlines.ts'

export type CallBounds = {
  /** Calls that have come and are not answered to the last byte. */
  readonly callsMax: number
  /** Of arguments, and of answers that wait for their reader. */
  readonly bytesMax: number
}

/** Why the signal of a call was aborted. */
export class CallOver extends Error {
  override readonly name = 'CallOver'
}

export class CallsUnderWay {
  readonly #bounds: CallBounds
  readonly #deadlines = new Deadlines()
  readonly #calls = new Set<CallUnderWay>()
  #bytes = 0
  #whenNone: (() => void) | undefined

  constructor(bounds: CallBounds) {
    this.#bounds = bounds
  }

  /** `undefined`: there are enough. `cut` is called when nobody takes the answer. */
  begin(call: {
    readonly bytes: number
    readonly forMs: number
    readonly cut: () => void
  }): CallUnderWay | undefined {
    const { callsMax, bytesMax } = this.#bounds
    if (this.#calls.size >= callsMax || this.#bytes + call.bytes > bytesMax) return undefined
    const begun = new CallUnderWay(this.#deadlines, call)
    this.#calls.add(begun)
    this.#bytes += call.bytes
    return begun
  }

  /** Whether it may hold so many bytes more, which it does from now on. */
  tryHoldMore(call: CallUnderWay, bytes: number): boolean {
    if (this.#bytes + bytes > this.#bounds.bytesMax) return false
    this.hold(call, call.bytes + bytes)
    return true
  }

  /** So many bytes from now on, whatever there is of others. */
  hold(call: CallUnderWay, bytes: number): void {
    this.#bytes += bytes - call.bytes
    call.bytes = bytes
  }

  end(call: CallUnderWay): void {
    if (!this.#calls.delete(call)) return
    this.#bytes -= call.bytes
    call.end()
    if (this.#calls.size === 0) this.#whenNone?.()
  }

  get count(): number {
    return this.#calls.size
  }

  /** Ends all that is under way as a deadline does. */
  abortAll(): void {
    for (const call of this.#calls) call.abort('the service stops')
  }

  /** Resolves when there are none. */
  async ended(): Promise<void> {
    if (this.#calls.size > 0) await new Promise<void>((resolve) => (this.#whenNone = resolve))
  }
}

/** How long a client may take to read an answer. */
const readingMs = 30_000

export class CallUnderWay {
  readonly #deadlines: Deadlines
  readonly #ending = new AbortController()
  readonly #cut: () => void
  #deadline: Deadline
  bytes: number
  /** Its verb has begun and not ended. */
  isRunning = false

  constructor(
    deadlines: Deadlines,
    call: { readonly bytes: number; readonly forMs: number; readonly cut: () => void },
  ) {
    this.#deadlines = deadlines
    this.#cut = call.cut
    this.bytes = call.bytes
    this.#deadline = this.#until(call.forMs, () => this.abort('its time has passed'))
  }

  get signal(): AbortSignal {
    return this.#ending.signal
  }

  abort(why: string): void {
    this.#ending.abort(new CallOver(`the call is over: ${why}`))
  }

  /** The answer is on its way. */
  answered(): void {
    this.#deadlines.delete(this.#deadline)
    this.#deadline = this.#until(readingMs, this.#cut)
  }

  end(): void {
    this.#deadlines.delete(this.#deadline)
  }

  #until(ms: number, pass: () => void): Deadline {
    const deadline = { endsMs: performance.now() + ms, pass }
    this.#deadlines.add(deadline)
    return deadline
  }
}
