// A call is begun, or its client is told why it is not.
import { type Refusal, refused } from './call-head.ts'
import type { CallsUnderWay, CallUnderWay } from './calls-under-way.ts'

/** What is needed of the answers of Node's servers. */
export type CallAnswer = {
  readonly req: { resume(): unknown }
  readonly destroyed: boolean
  readonly headersSent: boolean
  readonly writableFinished: boolean
  once(event: 'close', then: () => void): unknown
  setHeader(name: string, value: string): unknown
  writeHead(status: number, headers: Readonly<Record<string, string | number>>): unknown
  end(text: string): unknown
  destroy(): unknown
}

/** What a client waits before it asks again one that has enough to do. Seconds. */
const retryAfter = '1'

/** `undefined`: there is enough to do, and the client was told so. The call ends when its answer has, or its client. */
export function beginCall(
  { calls, isStopping }: { readonly calls: CallsUnderWay; readonly isStopping: () => boolean },
  { bytes, forMs }: { readonly bytes: number; readonly forMs: number },
  outgoing: CallAnswer,
): CallUnderWay | undefined {
  const cut = () => outgoing.destroy()
  const call = isStopping() ? undefined : calls.begin({ bytes, forMs, cut })
  if (call === undefined) {
    refuseForNow(outgoing)
    return undefined
  }
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) call.abort('its client has gone')
    // A verb that goes on all the same is under way until it ends.
    if (!call.isRunning) calls.end(call)
  })
  return call
}

/** The connection stays: the same client asks again. */
export function refuseForNow(outgoing: CallAnswer): void {
  if (outgoing.destroyed) return
  outgoing.setHeader('retry-after', retryAfter)
  sendRefusal(outgoing, refused(503, 'not now'))
}

/** What may still come of the call is not waited for. */
export function refuse(outgoing: CallAnswer, refusal: Refusal): void {
  if (outgoing.destroyed || outgoing.headersSent) return
  outgoing.setHeader('connection', 'close')
  sendRefusal(outgoing, refusal)
}

export function sendRefusal(outgoing: CallAnswer, { status, why }: Refusal): void {
  const text = `${why}\n`
  // What is not read when a connection is closed would have the answer thrown away.
  outgoing.req.resume()
  outgoing.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(text),
  })
  outgoing.end(text)
}
