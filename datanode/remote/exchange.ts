// One request to a data node and its answer, which is read into one piece of memory; or what became of it.
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type Deadline, Deadlines } from '../../protocol/cluster/deadlines.ts'

export type Exchanged =
  | { readonly is: 'answer'; readonly status: number; readonly body: Buffer }
  /** No answer will come. The node may have done what it was asked, or not. */
  | { readonly is: 'lost'; readonly cause: unknown }

export type NodeRequest = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** One after the other. */
  readonly pieces: readonly Uint8Array[]
}

export type ExchangeLimits = {
  /** By `performance.now()`. */
  readonly endsMs: number
  readonly signal: AbortSignal | undefined
  /** Of an answer that is one. */
  readonly answerBytesMax: number
  /** Memory that the answer may be read into, if it is long enough. Let go of when this resolves. */
  readonly into: Buffer | undefined
}

/** It says nothing of why. */
export class AnswerLate extends Error {
  override readonly name = 'AnswerLate'

  constructor() {
    super('no answer came in time')
  }
}

const deadlines = new Deadlines()
/** What is said besides answers is for people. */
const refusalBytesMax = 16 * 1024

/** Never rejects. When it resolves, nobody looks at the pieces any more. */
export function exchange(
  through: Dispatcher,
  { path, headers, pieces }: NodeRequest,
  limits: ExchangeLimits,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(limits, resolve)
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    try {
      through.dispatch(
        {
          method: 'POST',
          path,
          headers: { ...headers, 'content-length': `${bytes}` },
          body: bodyOf(pieces),
        },
        handler,
      )
    } catch (cause) {
      // A pool that was closed.
      handler.giveUp(cause)
    }
  })
}

/** The pieces are handed over as they are. */
function bodyOf(pieces: readonly Uint8Array[]): Uint8Array | Readable {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only
  const body = new Readable({ read() {} })
  for (const piece of pieces) body.push(piece)
  body.push(null)
  return body
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (outcome: Exchanged) => void
  readonly #limits: ExchangeLimits
  readonly #deadline: Deadline
  readonly #onAbort: (() => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #body: Buffer = Buffer.alloc(0)
  #filled = 0
  #isOver = false

  constructor(limits: ExchangeLimits, resolve: (outcome: Exchanged) => void) {
    this.#resolve = resolve
    this.#limits = limits
    const late = () => this.giveUp(new AnswerLate())
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
    this.#isOver = true
    controller?.abort(new Error('given up'))
    this.#end({ is: 'lost', cause })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) controller.abort(new Error('given up'))
    else this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): void {
    this.#status = status
    const bytes = Number(headers['content-length'] ?? Number.NaN)
    const { answerBytesMax, into } = this.#limits
    const bytesMax = status === 200 ? answerBytesMax : refusalBytesMax
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > bytesMax) {
      this.giveUp(new Error(`an answer of ${headers['content-length'] ?? 'untold'} bytes`))
      return
    }
    const isLent = status === 200 && into !== undefined && into.length >= bytes
    this.#body = isLent ? into.subarray(0, bytes) : Buffer.allocUnsafe(bytes)
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#isOver) return
    if (this.#filled + piece.length > this.#body.length) {
      this.giveUp(new Error('an answer that is longer than it said'))
      return
    }
    this.#body.set(piece, this.#filled)
    this.#filled += piece.length
  }

  onResponseEnd(): void {
    if (this.#filled < this.#body.length) {
      this.giveUp(new Error('an answer that was cut off'))
      return
    }
    this.#end({ is: 'answer', status: this.#status, body: this.#body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (!this.#isOver) this.#end({ is: 'lost', cause })
  }

  #end(outcome: Exchanged): void {
    this.#isOver = true
    deadlines.delete(this.#deadline)
    if (this.#onAbort !== undefined) {
      this.#limits.signal?.removeEventListener('abort', this.#onAbort)
    }
    this.#resolve(outcome)
  }
}
