// One request from its beginning to its end, whatever it asks for: an id, the answer or the refusal, the reply
// on the socket, and what there is to say of it to those who watch.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Checksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import type { S3Error } from '../../protocol/s3/s3-error.ts'
import { asS3Error } from '../data/storage-failure.ts'
import type { Reply } from '../reply.ts'
import { Begun } from './begun.ts'
import type { PaceLimit } from './body-pace.ts'
import { ReplyBatch } from './reply-batch.ts'
import { detailsOf } from './request-details.ts'
import type { RequestIds } from './request-id.ts'
import { isFailure, type ObserveRequest } from './request-record.ts'
import { type Exchange, sendReply } from './send-reply.ts'

export type HandleRequest = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: { readonly expectsContinue: boolean },
) => Promise<void>

/** How a kind of requests is answered, and how it is told that it is not. */
export type Answering = {
  readonly answer: (begun: Begun) => Promise<Reply>
  readonly refuse: (error: S3Error, begun: Pick<Begun, 'incoming' | 'requestId'>) => Reply
}

export type ServeDeps = {
  readonly ids: RequestIds
  readonly checksums: Checksums
  readonly pace: PaceLimit
  readonly observe: ObserveRequest
  /** Whether one of them keeps a record of all requests, and of what permissions were asked. */
  readonly isAudited: boolean
  /** Milliseconds of a clock that nobody sets. */
  readonly clock: () => number
}

/** Of every reply: name, value, name, value, …. */
function standingHeaders({ hostId }: RequestIds, { requestId, shared }: Begun): readonly string[] {
  const flat = ['x-amz-request-id', requestId, 'x-amz-id-2', hostId, 'Server', 'Holdfast']
  if (shared !== undefined) flat.push(...Object.entries(shared).flat())
  return flat
}

export type Serve = (answering: Answering) => HandleRequest

// Every request takes this way: objects are written out, for one that begins with another's fields (`...`) costs
// microseconds.
export function makeServe(deps: ServeDeps): Serve {
  const { ids, checksums, pace, clock, isAudited } = deps
  const batch = new ReplyBatch()
  return ({ answer, refuse }) =>
    async (incoming, outgoing, { expectsContinue }) => {
      const beganMs = clock()
      const requestId = ids.next()
      const begun = new Begun({
        incoming,
        outgoing,
        requestId,
        expectsContinue,
        checksums,
        pace,
        isAudited,
      })
      // Of a connection that is gone it is not known any more, unless it was asked before.
      const remoteAddress = isAudited ? incoming.socket.remoteAddress : undefined
      const sent: Exchange['sent'] = { headMs: undefined, bytes: 0 }
      const send = (reply: Reply) =>
        sendReply(
          {
            incoming,
            outgoing,
            batch,
            pace,
            sent,
            clock,
            standing: standingHeaders(ids, begun),
            withheldContinue: expectsContinue && begun.body?.begun !== true,
          },
          reply,
        )
      let reply: Reply | undefined
      let status: number | undefined
      let error: S3Error | undefined
      let failure: unknown
      try {
        reply = await answer(begun)
        status = reply.status
        await send(reply)
      } catch (cause) {
        const replied = outgoing.headersSent || outgoing.destroyed
        error = asS3Error(cause)
        if (isFailure(cause, replied)) failure = cause
        if (replied) outgoing.destroy()
        else {
          status = error.status
          await send(refuse(error, begun))
        }
      } finally {
        const totalMs = clock() - beganMs
        deps.observe({
          requestId,
          notes: begun.notes,
          operation: begun.operation,
          method: incoming.method ?? '',
          remoteAddress: () => remoteAddress ?? incoming.socket.remoteAddress,
          status: sent.headMs === undefined ? undefined : status,
          errorCode: error?.code ?? begun.notes.queryError,
          bytesIn: begun.body?.received ?? 0,
          bytesOut: sent.bytes,
          headMs: sent.headMs === undefined ? totalMs : sent.headMs - beganMs,
          totalMs,
          failure,
          details: () => detailsOf(begun, reply),
        })
      }
    }
}
