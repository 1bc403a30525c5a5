// A request under way, for those who answer it: a class with lazy parts, since each request is one and few need
// all of it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Checksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { PayloadFraming } from '../access/authenticate.ts'
import type { Client, RequestNotes } from '../s3/operation.ts'
import type { PaceLimit } from './body-pace.ts'
import { HttpRequestBody } from './request-body.ts'

export type BegunParts = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly requestId: string
  readonly expectsContinue: boolean
  readonly checksums: Checksums
  readonly pace: PaceLimit
}

export class Begun implements Client {
  readonly incoming: IncomingMessage
  readonly requestId: string
  readonly notes: RequestNotes = { identity: undefined, bucket: undefined }
  /** To be told as soon as it is known, for the log. */
  operation = 'unknown'
  /** What every reply to it says besides, to the browser of a page (`share-reply.ts`). */
  shared: Readonly<Record<string, string>> | undefined
  /** Once it has been asked for. */
  body: HttpRequestBody | undefined
  readonly #parts: BegunParts
  #hungUp: AbortSignal | undefined

  constructor(parts: BegunParts) {
    this.incoming = parts.incoming
    this.requestId = parts.requestId
    this.#parts = parts
  }

  /** Its body, to be asked for once. */
  receive({ chunked, expectedSha256 }: PayloadFraming): HttpRequestBody {
    const { incoming, outgoing, checksums, pace, expectsContinue } = this.#parts
    const options = { chunked, expectedSha256, checksums, pace, expectsContinue }
    this.body = new HttpRequestBody(incoming, outgoing, options)
    return this.body
  }

  hungUp(): AbortSignal {
    this.#hungUp ??= signalOf(this.#parts.outgoing)
    return this.#hungUp
  }
}

function signalOf(outgoing: ServerResponse): AbortSignal {
  const hungUp = new AbortController()
  const closed = () => {
    if (outgoing.writableFinished) return
    hungUp.abort(new S3Error('IncompleteBody', {}, { message: 'The client has hung up.' }))
  }
  if (outgoing.destroyed) closed()
  else outgoing.once('close', closed)
  return hungUp.signal
}
