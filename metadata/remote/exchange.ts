// One request to a service and its answer, or what became of it: whether anything of it had been sent tells whether
// the verb can have been begun.
import type { Dispatcher } from 'undici'
import {
  AwaitedAnswer,
  awaited,
  type Lost,
  type WaitLimits,
} from '../../protocol/cluster/awaited-answer.ts'
import { answerBytesMax } from '../wire/wire-limits.ts'

type Answer = { readonly is: 'answer'; readonly status: number; readonly body: Buffer }
export type Exchanged = Answer | Lost

export type Request = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Never rejects. */
export function exchange(
  through: Dispatcher,
  { path, headers, body }: Request,
  limits: WaitLimits,
): Promise<Exchanged> {
  return awaited<Answer>(
    (resolve) => new GatheredAnswer(limits, resolve),
    (handler) => through.dispatch({ method: 'POST', path, headers, body }, handler),
  )
}

/** As long as it comes. Nearly all come in one piece. */
class GatheredAnswer extends AwaitedAnswer<Answer> {
  #status = 0
  #only: Buffer | undefined
  #pieces: Buffer[] | undefined
  #bytes = 0

  override onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  override onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes > answerBytesMax) this.giveUp(new Error('an answer that has no end'))
    else if (this.#only === undefined) this.#only = piece
    else {
      this.#pieces ??= [this.#only]
      this.#pieces.push(piece)
    }
  }

  override onResponseEnd(): void {
    const body = this.#pieces === undefined ? this.#only : Buffer.concat(this.#pieces)
    this.end({ is: 'answer', status: this.#status, body: body ?? Buffer.alloc(0) })
  }
}
