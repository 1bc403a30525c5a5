// One request to a service and its answer, or what became of it: whether anything of it had been sent tells whether
// the verb can have been begun.
import type { Dispatcher } from 'undici'
import { type Deadline, Deadlines } from '../../protocol/cluster/deadlines.ts'
import { answerBytesMax } from '../wire/wire-limits.ts'

export type Exchanged =
  | { readonly is: 'answer'; readonly status: number; readonly body: Buffer }
  /** No answer will come. `isSent`: something of the request may have arrived. */
  | { readonly is: 'lost'; readonly isSent: boolean; readonly cause: unknown }

export type ExchangeLimits = {
  /** By `performance.now()`. */
  readonly endsMs: number
  readonly signal: AbortSignal | undefined
}

export type Request = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const deadlines = new Deadlines()

/** Never rejects. */
export function exchange(
  through: Dispatcher,
  { path, headers, body }: Request,
  limits: ExchangeLimits,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(limits, resolve)
    try {
      through.dispatch({ method: 'POST', path, headers, body }, handler)
    } catch (cause) {
      // A pool that was closed.
      handler.giveUp(cause)
    }
  })
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (outcome: Exchanged) => void
  readonly #limits: ExchangeLimits
  readonly #deadline: Deadline
  readonly #onAbort: (() => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #only: Buffer | undefined
  #pieces: Buffer[] | undefined
  #bytes = 0
  #isOver = false

  constructor(limits: ExchangeLimits, resolve: (outcome: Exchanged) => void) {
    this.#resolve = resolve
    this.#limits = limits
    const late = () => this.giveUp(new Error('no answer came in time'))
    this.#deadline = { endsMs: limits.endsMs, pass: late }
    deadlines.add(this.#deadline)
    const { signal } = limits
    if (signal !== undefined) {
      this.#onAbort = () => this.giveUp(signal.reason)
      signal.addEventListener('abort', this.#onAbort, { once: true })
    }
  }

  /** Closes the connection, if it has one: what would still come on it could be taken for another's. */
  giveUp(cause: unknown): void {
    if (this.#isOver) return
    const controller = this.#controller
    this.#end({ is: 'lost', isSent: controller !== undefined, cause })
    controller?.abort(new Error('given up'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) controller.abort(new Error('given up'))
    else this.#controller = controller
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes > answerBytesMax) this.giveUp(new Error('an answer that has no end'))
    else if (this.#only === undefined) this.#only = piece
    else {
      this.#pieces ??= [this.#only]
      this.#pieces.push(piece)
    }
  }

  onResponseEnd(): void {
    const body = this.#pieces === undefined ? this.#only : Buffer.concat(this.#pieces)
    this.#end({ is: 'answer', status: this.#status, body: body ?? Buffer.alloc(0) })
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#end({ is: 'lost', isSent: this.#controller !== undefined, cause })
  }

  #end(outcome: Exchanged): void {
    if (this.#isOver) return
    this.#isOver = true
    deadlines.delete(this.#deadline)
    if (this.#onAbort !== undefined) {
      this.#limits.signal?.removeEventListener('abort', this.#onAbort)
    }
    this.#resolve(outcome)
  }
}
