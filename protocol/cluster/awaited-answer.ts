// One request whose answer is awaited, for as long as it may take and anybody wants it: what reads the answer is told what
// comes, and this when there is no sense in waiting any more.
import type { Dispatcher } from 'undici'
import { type Deadline, Deadlines } from './deadlines.ts'

export type WaitLimits = {
  /** By `performance.now()`. */
  readonly endsMs: number
  readonly signal: AbortSignal | undefined
}

/** No answer will come. `isSent`: something of the request may have arrived. */
export type Lost = { readonly is: 'lost'; readonly isSent: boolean; readonly cause: unknown }

/** It says nothing of why. */
export class AnswerLate extends Error {
  override readonly name = 'AnswerLate'

  constructor() {
    super('no answer came in time')
  }
}

const deadlines = new Deadlines()

/** `Answer`: as what an answer that is complete comes out. */
export abstract class AwaitedAnswer<Answer> implements Dispatcher.DispatchHandler {
  readonly #resolve: (outcome: Answer | Lost) => void
  readonly #deadline: Deadline
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.giveUp(this.#signal?.reason)
  #controller: Dispatcher.DispatchController | undefined
  #isOver = false

  /** `resolve` is called once. By then nobody looks at what was sent, nor at what the answer was read into. */
  constructor({ endsMs, signal }: WaitLimits, resolve: (outcome: Answer | Lost) => void) {
    this.#resolve = resolve
    this.#deadline = { endsMs, pass: () => this.giveUp(new AnswerLate()) }
    deadlines.add(this.#deadline)
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  abstract onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): void
  abstract onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void
  abstract onResponseEnd(): void

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) controller.abort(new Error('given up'))
    else this.#controller = controller
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.end(this.#lost(cause))
  }

  /** Closes the connection, if it has one: what would still come on it could be taken for another's. */
  giveUp(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#controller?.abort(new Error('given up'))
    this.#finish(this.#lost(cause))
  }

  protected get isOver(): boolean {
    return this.#isOver
  }

  protected end(outcome: Answer | Lost): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#finish(outcome)
  }

  #lost(cause: unknown): Lost {
    return { is: 'lost', isSent: this.#controller !== undefined, cause }
  }

  #finish(outcome: Answer | Lost): void {
    deadlines.delete(this.#deadline)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#resolve(outcome)
  }
}

/** Never rejects. `send` may throw, as a pool that was closed does. */
export function awaited<Answer>(
  begin: (resolve: (outcome: Answer | Lost) => void) => AwaitedAnswer<Answer>,
  send: (handler: AwaitedAnswer<Answer>) => void,
): Promise<Answer | Lost> {
  return new Promise((resolve) => {
    const handler = begin(resolve)
    try {
      send(handler)
    } catch (cause) {
      handler.giveUp(cause)
    }
  })
}
