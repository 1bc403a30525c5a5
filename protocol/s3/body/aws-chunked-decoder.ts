// Decodes aws-chunked bodies, with and without signatures and trailers. What it emits are views of what
// it was given; nothing is copied and nothing is held back. A signed chunk is therefore passed on before
// its signature is known: whoever stores it must not commit before `end()` has returned.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
import { strict as assert } from 'node:assert'
import { createHash, type Hash } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import { chunkSignature } from '../sigv4/chunk-signatures.ts'
import { isSameSignature } from '../sigv4/verify-signature.ts'
import type { AwsChunkedOptions } from './aws-chunked-options.ts'
import { parseTrailers, type Trailers } from './aws-chunked-trailers.ts'
import { chunkHeaderBytesMax, trailerBytesMax } from './body-limits.ts'
import { type ChunkHeader, parseChunkHeader } from './chunk-header.ts'
import { brokenFraming, wrongLength } from './length-guard.ts'

type State = 'header' | 'data' | 'dataEnd' | 'trailers' | 'ended' | 'failed'

const carriageReturn = 0x0d
const lineFeed = 0x0a

export class AwsChunkedDecoder {
  readonly #options: AwsChunkedOptions
  #state: State = 'header'
  /** Text of a chunk header, of the end of a chunk, or of the trailers, so far; latin1. */
  #text = ''
  /** Bytes of the current chunk still to come. */
  #missing = 0
  #decoded = 0
  #hash: Hash | undefined
  /** What the chunk under way claims; verified it becomes the previous one. */
  #claimedSignature = ''
  #previousSignature: string

  constructor(options: AwsChunkedOptions) {
    this.#options = options
    this.#previousSignature = options.signing?.seedSignature ?? ''
  }

  /**
   * Takes the next bytes and returns the plain data in them. Throws `IncompleteBody` for broken framing
   * or other data than declared, `SignatureDoesNotMatch` at the end of a chunk that was changed. After a
   * throw the decoder is of no more use.
   */
  push(bytes: Buffer): Buffer[] {
    assert(this.#state !== 'ended' && this.#state !== 'failed', `push when ${this.#state}`)
    const state = this.#state
    const pieces: Buffer[] = []
    this.#state = 'failed'
    this.#state = this.#consume(bytes, state, pieces)
    return pieces
  }

  /**
   * Says that the body has ended. Throws `IncompleteBody` when it was cut off, and what the trailers
   * deserve.
   */
  end(): Trailers {
    assert(this.#state !== 'ended' && this.#state !== 'failed', `end when ${this.#state}`)
    const isFramed = this.#state === 'trailers' && endsInEmptyLine(this.#text)
    this.#state = 'failed'
    if (!isFramed) throw brokenFraming()
    const trailers = parseTrailers(this.#text, this.#options, this.#previousSignature)
    this.#state = 'ended'
    return trailers
  }

  #consume(bytes: Buffer, from: State, pieces: Buffer[]): State {
    let state = from
    let at = 0
    while (at < bytes.length) {
      if (state === 'data') {
        const take = Math.min(this.#missing, bytes.length - at)
        const piece = take === bytes.length ? bytes : bytes.subarray(at, at + take)
        this.#hash?.update(piece)
        pieces.push(piece)
        this.#missing -= take
        at += take
        if (this.#missing === 0) state = 'dataEnd'
      } else if (state === 'trailers') {
        this.#takeTrailerText(bytes, at)
        at = bytes.length
      } else {
        const end = this.#takeLine(bytes, at)
        if (end < 0) return state
        at = end
        state = state === 'header' ? this.#beginChunk() : this.#endChunk()
      }
    }
    return state
  }

  /** Collects text up to a line feed. The index after it, or -1 when it has not come yet. */
  #takeLine(bytes: Buffer, from: number): number {
    const room = chunkHeaderBytesMax - this.#text.length
    const found = bytes.subarray(from, from + room).indexOf(lineFeed)
    if (found < 0 && bytes.length - from >= room) throw brokenFraming()
    const end = found < 0 ? bytes.length : from + found
    this.#text += bytes.toString('latin1', from, end)
    if (found < 0) return -1
    if (this.#text.charCodeAt(this.#text.length - 1) !== carriageReturn) {
      throw brokenFraming()
    }
    return end + 1
  }

  #beginChunk(): State {
    const header = parseChunkHeader(this.#takeText().slice(0, -1))
    if (header === undefined) throw brokenFraming()
    this.#decoded += header.size
    const { decodedLength } = this.#options
    const isLast = header.size === 0
    if (this.#decoded > decodedLength || (isLast && this.#decoded < decodedLength)) {
      throw wrongLength(decodedLength, this.#decoded)
    }
    this.#beginSignature(header)
    this.#missing = header.size
    if (!isLast) return 'data'
    this.#verifySignature()
    return 'trailers'
  }

  #beginSignature(header: ChunkHeader): void {
    if (this.#options.signing === undefined) return
    if (header.signature === undefined) throw brokenFraming()
    this.#claimedSignature = header.signature
    this.#hash = createHash('sha256')
  }

  #endChunk(): State {
    if (this.#takeText() !== '\r') throw brokenFraming()
    this.#verifySignature()
    return 'header'
  }

  #verifySignature(): void {
    const { signing } = this.#options
    if (signing === undefined) return
    assert(this.#hash !== undefined, 'a signed chunk is hashed')
    const expected = chunkSignature(signing, this.#previousSignature, this.#hash.digest('hex'))
    if (!isSameSignature(expected, this.#claimedSignature)) {
      throw new S3Error('SignatureDoesNotMatch')
    }
    this.#previousSignature = this.#claimedSignature
    this.#hash = undefined
  }

  #takeTrailerText(bytes: Buffer, from: number): void {
    if (this.#text.length + bytes.length - from > trailerBytesMax) {
      throw new S3Error('MalformedTrailerError')
    }
    this.#text += bytes.toString('latin1', from)
  }

  #takeText(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}

/** `section` follows the header of the last chunk, whose line has ended already. */
function endsInEmptyLine(section: string): boolean {
  return section === '\r\n' || section.endsWith('\r\n\r\n')
}

type DecodedBody = {
  /** The plain data, once. Ends normally only if all signatures, lengths and trailers are right. */
  readonly body: AsyncIterable<Buffer>
  /** What trailed. To be asked for only after `body` has ended. */
  trailers(): Trailers
}

/** The body as a stream of its plain data. Throws, out of `body`, what `push` and `end` throw. */
export function decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  options: AwsChunkedOptions,
): DecodedBody {
  const decoder = new AwsChunkedDecoder(options)
  let trailers: Trailers | undefined
  async function* decode(): AsyncGenerator<Buffer, void, undefined> {
    for await (const bytes of source) {
      for (const piece of decoder.push(bytes)) yield piece
    }
    trailers = decoder.end()
  }
  return {
    body: decode(),
    trailers() {
      assert(trailers !== undefined, 'the body has not ended yet')
      return trailers
    },
  }
}
