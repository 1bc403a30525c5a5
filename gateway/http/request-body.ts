// The payload of one HTTP request as operations see it: decoded, counted, paced. Decoding itself is
// in `protocol/s3/body`.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { decodeAwsChunked } from '../../protocol/s3/body/aws-chunked-decoder.ts'
import type { Trailers } from '../../protocol/s3/body/aws-chunked-trailers.ts'
import { guardLength } from '../../protocol/s3/body/length-guard.ts'
import type { Checksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { PayloadFraming } from '../access/authenticate.ts'
import type { RequestBody } from '../s3/operation.ts'
import { collectPayload, verifySmallPayload } from '../s3/write/small-payload.ts'
import { type PaceLimit, paced } from './body-pace.ts'

export type BodyOptions = PayloadFraming & {
  readonly checksums: Checksums
  readonly pace: PaceLimit
  /** The client waits for `100 Continue` before it sends. */
  readonly expectsContinue: boolean
}

export class HttpRequestBody implements RequestBody {
  readonly decodedBytes: number | undefined
  readonly expectedSha256: string | undefined
  readonly announcedTrailers: readonly string[]
  private readonly incoming: IncomingMessage
  private readonly outgoing: ServerResponse
  private readonly options: BodyOptions
  private trailers: Trailers | undefined
  /** True once the client was asked for its body. */
  begun = false
  /** Bytes off the socket so far, still encoded. */
  received = 0

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, options: BodyOptions) {
    this.incoming = incoming
    this.outgoing = outgoing
    this.options = options
    this.expectedSha256 = options.expectedSha256
    this.announcedTrailers = options.chunked?.trailerNames ?? []
    this.decodedBytes = options.chunked?.decodedLength ?? contentLength(incoming)
  }

  async *stream(): AsyncGenerator<Buffer, void, undefined> {
    this.begun = true
    if (this.options.expectsContinue) this.outgoing.writeContinue()
    const received = paced(this.receive(), this.options.pace)
    if (this.options.chunked === undefined) {
      yield* guardLength(received, this.decodedBytes ?? 0)
      return
    }
    const decoded = decodeAwsChunked(received, this.options.chunked)
    for await (const piece of decoded.body) yield piece
    this.trailers = decoded.trailers()
  }

  names(): Iterable<string> {
    return [...Object.keys(this.incoming.headers), ...this.announcedTrailers]
  }

  trailer(name: string): string | undefined {
    return this.trailers?.get(name)
  }

  async bytes(bytesMax: number): Promise<Buffer> {
    const whole = await collectPayload(this, bytesMax)
    verifySmallPayload(whole, this, this.options.checksums)
    return whole
  }

  header(name: string): string | undefined {
    return headerText(this.incoming.headers, name)
  }

  /**
   * The bytes off the socket. Leaving the loop early must not destroy the socket: the reply still has to
   * go out on it. A connection that breaks ends in `IncompleteBody`, for the log: nobody reads the reply.
   */
  private async *receive(): AsyncGenerator<Buffer, void, undefined> {
    const { incoming } = this
    try {
      for await (const piece of incoming.iterator({ destroyOnReturn: false })) {
        this.received += piece.length
        yield piece
      }
    } catch (cause) {
      if (incoming.errored || incoming.destroyed) throw new S3Error('IncompleteBody', {}, { cause })
      throw cause
    }
  }
}

function contentLength(incoming: IncomingMessage): number | undefined {
  const raw = incoming.headers['content-length']
  return raw === undefined ? undefined : Number(raw)
}
