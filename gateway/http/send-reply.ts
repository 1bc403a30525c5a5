// Writes a reply to the socket, and settles what is left of the request: the one place where the
// gateway and HTTP meet on the way out.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { hasWideText } from '../../protocol/s3/header-text.ts'
import type { Batch } from '../data/buffers/batch.ts'
import type { Reply, ReplyBody, StreamedBody } from '../reply.ts'
import type { PaceLimit } from './body-pace.ts'
import type { ReplyBatch } from './reply-batch.ts'
import { writeHead } from './write-head.ts'

export type Exchange = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Headers of every reply: name, value, name, value, …. */
  readonly standing: readonly string[]
  /** The client waits for `100 Continue`, which was not sent: it may or may not send its body. */
  readonly withheldContinue: boolean
  /** Shared by all requests of a server. */
  readonly batch: ReplyBatch
  /** What is asked of senders, and of readers too. */
  readonly pace: Pick<PaceLimit, 'bytesPerSecondMin' | 'windowMs'>
  /** When the head went out, by the clock, and how many bytes of the body have; noted here. */
  readonly sent: { headMs: number | undefined; bytes: number }
  readonly clock: () => number
}

/** Unread bytes of a request that are worth reading to keep its connection. */
const drainBytesMax = 1024 * 1024
/** How long a client that ignores an early answer is listened to, so that it can read that answer. */
const lingerMs = 5_000
/** What a timer can count. */
const timerMsMax = 2 ** 31 - 1

/**
 * Resolves when the reply is handed to the socket. A body that fails half-way destroys the socket, so
 * that the client sees a broken transfer and never a short one; that error is thrown.
 */
export async function sendReply(exchange: Exchange, reply: Reply): Promise<void> {
  const { incoming, outgoing } = exchange
  const streamed = isStreamed(reply.body) ? reply.body : undefined
  if (outgoing.destroyed || outgoing.headersSent) {
    await streamed?.drop?.()
    return
  }
  const unread = requestUnread(exchange)
  const closing = unread === 'much' || unread === 'withheld'
  const flat = writeHead(outgoing, reply.status, headersOf(exchange, reply, { closing }))
  exchange.sent.headMs = exchange.clock()
  const isHead = incoming.method === 'HEAD'
  if (streamed !== undefined && !isHead) return streamBody(exchange, streamed)
  await streamed?.drop?.()
  const whole = isHead || isStreamed(reply.body) ? undefined : reply.body
  return sendWhole(exchange, { unread, flat, body: whole })
}

const lengthName = 'Content-Length'

/** RFC 9110 section 8.6: answers without a body of their own carry no length. */
const bodiless: ReadonlySet<number> = new Set([204, 304])

/**
 * As one flat list, which Node writes at a fraction of what `setHeader` costs. The length comes last: Node
 * takes the bytes of a `Content-Disposition` that follows it for UTF-8, and writes others or throws.
 */
function headersOf(
  { standing }: Exchange,
  { status, headers = {}, body }: Reply,
  { closing }: { readonly closing: boolean },
): string[] {
  const flat = [...standing]
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && name !== lengthName) flat.push(name, String(value))
  }
  if (closing) flat.push('Connection', 'close')
  const length = headers[lengthName] ?? (bodiless.has(status) ? undefined : bodyLength(body))
  if (length !== undefined) flat.push(lengthName, String(length))
  return flat
}

function isStreamed(body: ReplyBody | undefined): body is StreamedBody {
  return typeof body === 'object' && 'open' in body
}

function bodyLength(body: ReplyBody | undefined): number {
  if (body === undefined) return 0
  if (typeof body === 'string') return Buffer.byteLength(body)
  return isStreamed(body) ? body.bytes : body.length
}

type Unread = 'none' | 'little' | 'much' | 'withheld'

function requestUnread({ incoming, withheldContinue }: Exchange): Unread {
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers
  // An answer may be ready before the parser has said that a request without a body is complete.
  if (incoming.complete || (length === undefined && coding === undefined)) return 'none'
  if (withheldContinue) return 'withheld'
  return length !== undefined && Number(length) <= drainBytesMax ? 'little' : 'much'
}

/**
 * Node sends the headers in one string with a text that follows them, or alone when they are flushed: as
 * UTF-8. Headers beyond ASCII must not get there, for theirs is latin1.
 */
type Whole = {
  readonly unread: Unread
  /** The headers, which Node has taken and not sent. */
  readonly flat: readonly string[]
  readonly body: string | Buffer | undefined
}

async function sendWhole(
  { incoming, outgoing, batch, sent }: Exchange,
  { unread, flat, body: asked }: Whole,
): Promise<void> {
  sent.bytes = bodyLength(asked)
  const body = typeof asked === 'string' && hasWideText(flat) ? Buffer.from(asked) : asked
  if (unread === 'much' && (body !== undefined || !hasWideText(flat))) {
    // The answer goes out first; closing at once would reset the connection before it is read.
    if (body === undefined) outgoing.flushHeaders()
    else outgoing.write(body)
    await linger(incoming)
    outgoing.end()
    return
  }
  if (unread === 'little') incoming.resume()
  batch.end(outgoing, body)
}

/** Reads and forgets what still comes, for a while. */
async function linger(incoming: IncomingMessage): Promise<void> {
  incoming.resume()
  const signal = AbortSignal.timeout(lingerMs)
  try {
    await Promise.race([once(incoming, 'end', { signal }), once(incoming, 'close', { signal })])
  } catch (cause) {
    // Time is up, or the client has gone: either way there is nobody left to be polite to.
    if (!signal.aborted && !incoming.errored) throw cause
  }
}

async function streamBody({ outgoing, pace, sent }: Exchange, body: StreamedBody): Promise<void> {
  try {
    for await (const batch of body.open()) {
      if (outgoing.destroyed) return
      const bytes = writeBatch(outgoing, batch)
      sent.bytes += bytes
      if (outgoing.writableNeedDrain) await writable(outgoing, patienceMs(bytes, pace))
      // Nothing more is read for a client that has gone.
      if (outgoing.destroyed) return
    }
    if (sent.bytes !== body.bytes) {
      throw new Error(`a body of ${body.bytes} bytes ended after ${sent.bytes}`)
    }
    outgoing.end()
  } catch (cause) {
    outgoing.destroy()
    throw cause
  }
}

/** Under one cork; empties the batch and answers how many bytes it had. */
function writeBatch(outgoing: ServerResponse, batch: Batch): number {
  let bytes = 0
  outgoing.cork()
  for (const piece of batch) {
    bytes += piece.length
    outgoing.write(piece)
  }
  outgoing.uncork()
  batch.length = 0
  return bytes
}

/** How long a reader may take for so many bytes: as slow as a sender may be, with a window to spare. */
function patienceMs(bytes: number, pace: Exchange['pace']): number {
  return pace.windowMs + (bytes / pace.bytesPerSecondMin) * 1000
}

/**
 * Resolves when the socket takes more, or when it is gone. A reader that stands still is cut off: it holds
 * memory, and the space of what has been deleted meanwhile.
 */
function writable(outgoing: ServerResponse, patience: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => outgoing.destroy(), Math.min(patience, timerMsMax))
    const done = () => {
      clearTimeout(timer)
      outgoing.off('drain', done)
      outgoing.off('close', done)
      resolve()
    }
    outgoing.on('drain', done)
    outgoing.on('close', done)
  })
}
