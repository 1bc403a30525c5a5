// One request to a data node and its answer, which is read into one piece of memory; or what became of it.
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import {
  AwaitedAnswer,
  awaited,
  type Lost,
  type WaitLimits,
} from '../../protocol/cluster/awaited-answer.ts'

type Answer = { readonly is: 'answer'; readonly status: number; readonly body: Buffer }
/** Lost: the node may have done what it was asked, or not. */
export type Exchanged = Answer | Lost

export type NodeRequest = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** One after the other. */
  readonly pieces: readonly Uint8Array[]
}

export type ExchangeLimits = WaitLimits & {
  /** Of an answer that is one. */
  readonly answerBytesMax: number
  /** Memory that the answer may be read into, if it is long enough. Let go of when this resolves. */
  readonly into: Buffer | undefined
}

/** What is said besides answers is for people. */
const refusalBytesMax = 16 * 1024

/** Never rejects. When it resolves, nobody looks at the pieces any more. */
export function exchange(
  through: Dispatcher,
  { path, headers, pieces }: NodeRequest,
  limits: ExchangeLimits,
): Promise<Exchanged> {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
  const request = {
    method: 'POST',
    path,
    headers: { ...headers, 'content-length': `${bytes}` },
    body: bodyOf(pieces),
  } as const
  return awaited<Answer>(
    (resolve) => new MeasuredAnswer(limits, resolve),
    (handler) => through.dispatch(request, handler),
  )
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

/** It says how long it is, and is read into one piece of memory. */
class MeasuredAnswer extends AwaitedAnswer<Answer> {
  readonly #limits: ExchangeLimits
  #status = 0
  #body: Buffer = Buffer.alloc(0)
  #filled = 0

  constructor(limits: ExchangeLimits, resolve: (outcome: Exchanged) => void) {
    super(limits, resolve)
    this.#limits = limits
  }

  override onResponseStart(
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

  override onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.isOver) return
    if (this.#filled + piece.length > this.#body.length) {
      this.giveUp(new Error('an answer that is longer than it said'))
      return
    }
    this.#body.set(piece, this.#filled)
    this.#filled += piece.length
  }

  override onResponseEnd(): void {
    if (this.#filled < this.#body.length) {
      this.giveUp(new Error('an answer that was cut off'))
      return
    }
    this.end({ is: 'answer', status: this.#status, body: this.#body })
  }
}
