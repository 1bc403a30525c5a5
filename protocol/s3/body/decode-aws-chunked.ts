// An aws-chunked body as a stream of its plain data.
import { strict as assert } from 'node:assert'
import { AwsChunkedDecoder } from './aws-chunked-decoder.ts'
import type { AwsChunkedOptions } from './aws-chunked-options.ts'
import type { Trailers } from './aws-chunked-trailers.ts'

export type DecodedBody = {
  /** The plain data, once. Ends normally only if all signatures, lengths and trailers are right. */
  readonly body: AsyncIterable<Buffer>
  /** What trailed. To be asked for only after `body` has ended. */
  trailers(): Trailers
}

/** A decoder around a stream. Throws, out of `body`, what `push` and `end` throw. */
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
