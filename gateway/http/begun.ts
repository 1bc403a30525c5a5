// A request under way, for those who answer it: a class with lazy parts, since each request is one and few need
// all of it.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Address } from '../../protocol/s3/address.ts'
import type { Checksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { PayloadFraming } from '../access/authenticate.ts'
import { Decisions } from '../access/decisions.ts'
import type { Client } from '../s3/operation.ts'
import { newNotes, type RequestNotes } from '../s3/request-notes.ts'
import type { PaceLimit } from './body-pace.ts'
import { HttpRequestBody } from './request-body.ts'

export type BegunParts = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly requestId: string
  readonly expectsContinue: boolean
  readonly checksums: Checksums
  readonly pace: PaceLimit
  /** Somebody keeps a record of all requests, and of what permissions were asked. */
  readonly isAudited: boolean
}

export class Begun implements Client {
  readonly incoming: IncomingMessage
  readonly requestId: string
  readonly notes: RequestNotes
  /** To be told as soon as it is known, for the log. */
  operation = 'unknown'
  /** What every reply to it says besides, to the browser of a page (`share-reply.ts`). */
  shared: Readonly<Record<string, string>> | undefined
  /** What is asked for, as far as it could be read. */
  address: Address | undefined
  query: Query | undefined
  /** Those that the signature covers too, where a presigned query has them. */
  headers: IncomingHttpHeaders | undefined
  /** Once it has been asked for. */
  body: HttpRequestBody | undefined
  readonly #parts: BegunParts
  #hungUp: AbortSignal | undefined

  constructor(parts: BegunParts) {
    this.incoming = parts.incoming
    this.requestId = parts.requestId
    this.notes = newNotes(parts.isAudited ? new Decisions() : undefined)
    this.#parts = parts
  }

  /** Its body, to be asked for once. */
  receive({ chunked, expectedSha256 }: PayloadFraming): HttpRequestBody {
    const { incoming, outgoing, checksums, pace, expectsContinue } = this.#parts
    const options = { chunked, expectedSha256, checksums, pace, expectsContinue }
    this.body = new HttpRequestBody(incoming, outgoing, options)
    return this.body
  }

  /** Whether the connection was gone before the whole answer was written. */
  get isCutOff(): boolean {
    const { outgoing } = this.#parts
    return outgoing.destroyed && !outgoing.writableFinished
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
