// Reads a stream up to delimiters: short stretches as a whole and bounded, a long one as a stream of
// views without copying. It never closes its source, so that a reply can still go out on the socket.
import { S3Error } from '../s3-error.ts'

export class DelimitedReader {
  readonly #source: AsyncIterator<Buffer>
  /** Bytes that `readTo` may still take from the source, in all. */
  #budget: number
  #pending: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>, bytesMax: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#budget = bytesMax
  }

  /** Puts bytes before those to be read next, without cost to the budget. */
  prepend(bytes: Buffer): void {
    this.#pending = Buffer.concat([bytes, this.#pending])
    this.#budget += bytes.length
  }

  /**
   * All before `delimiter`, which is taken too. Throws `MaxPostPreDataLengthExceededError` beyond the
   * budget, `MalformedPOSTRequest` when the source ends first.
   */
  async readTo(delimiter: Buffer): Promise<Buffer> {
    let searched = 0
    for (;;) {
      const found = this.#pending.indexOf(delimiter, searched)
      const taken = found < 0 ? this.#pending.length : found + delimiter.length
      if (taken > this.#budget) throw new S3Error('MaxPostPreDataLengthExceededError')
      if (found >= 0) {
        const bytes = this.#pending.subarray(0, found)
        this.#pending = this.#pending.subarray(taken)
        this.#budget -= taken
        return bytes
      }
      searched = Math.max(0, this.#pending.length - delimiter.length + 1)
      this.#pending = Buffer.concat([this.#pending, await this.#next()])
    }
  }

  /**
   * All before `delimiter`, as it comes and whatever the budget; then reads the source to its end.
   * `delimiter` must begin with a byte that it does not hold again.
   */
  async *streamTo(delimiter: Buffer): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const bytes = this.#pending
      const found = bytes.indexOf(delimiter)
      const end = found < 0 ? partialMatch(bytes, delimiter) : found
      this.#pending = bytes.subarray(end)
      if (end > 0) yield bytes.subarray(0, end)
      if (found >= 0) break
      const next = await this.#next()
      this.#pending = this.#pending.length === 0 ? next : Buffer.concat([this.#pending, next])
    }
    this.#pending = Buffer.alloc(0)
    while ((await this.#source.next()).done !== true) {
      // Ignored, but read: a client that is still writing would not see the reply.
    }
  }

  async #next(): Promise<Buffer> {
    const next = await this.#source.next()
    if (next.done === true) throw new S3Error('MalformedPOSTRequest')
    return next.value
  }
}

/** Where a delimiter that goes on in the next bytes may begin; the length when none does. */
function partialMatch(bytes: Buffer, delimiter: Buffer): number {
  const begin = bytes.lastIndexOf(delimiter[0] ?? 0)
  const width = bytes.length - begin
  if (begin < 0 || width >= delimiter.length) return bytes.length
  return bytes.compare(delimiter, 0, width, begin) === 0 ? begin : bytes.length
}
