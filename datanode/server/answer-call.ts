// One call of a data node: its head, its body into one piece of memory, the verb, the answer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type BlobVerb, blobContentType } from '../../protocol/blob-http/blob-verbs.ts'
import { BadBlobMessage } from '../../protocol/blob-http/checked-head.ts'
import { beginCall, refuse, refuseForNow, sendRefusal } from '../../protocol/cluster/begin-call.ts'
import { refused } from '../../protocol/cluster/call-head.ts'
import {
  CallOver,
  type CallsUnderWay,
  type CallUnderWay,
} from '../../protocol/cluster/calls-under-way.ts'
import type { BlobNode } from '../blob-node.ts'
import { besidesFramesBytes, type CallMemory } from './call-memory.ts'
import { judgeCall } from './judge-call.ts'
import { nodeVerbs, type Told } from './node-verbs.ts'

export type AnsweringParts = {
  readonly node: BlobNode
  readonly memory: CallMemory
  readonly isAllowed: (call: IncomingMessage) => boolean
  readonly calls: CallsUnderWay
  readonly isStopping: () => boolean
  readonly nextRequestId: () => string
  /** What went wrong that the caller is told nothing of. */
  readonly onFailure: (cause: unknown, call: FailedCall) => void
}

export type FailedCall = { readonly requestId: string; readonly verb: BlobVerb }

/** Answers that are no longer are sent as one piece. */
const joinedMax = 64 * 1024

/** The call was one too many, as came out when its body was read. */
class NotNow extends Error {}

export function answerCall(
  parts: AnsweringParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const judged = judgeCall(incoming, parts.isAllowed(incoming))
  if (judged.is === 'refused') {
    refuse(outgoing, judged)
    return
  }
  const { verb, bytes } = judged
  const call = beginCall(parts, judged, outgoing)
  if (call === undefined) return
  whenWhole(incoming, parts.memory.take(bytes), (memory, body) => {
    const answered = run({ parts, verb, call, outgoing }, body)
    void answered.finally(() => parts.memory.giveBack(memory))
  })
}

function whenWhole(
  incoming: IncomingMessage,
  memory: Buffer,
  use: (memory: Buffer, body: Buffer) => void,
): void {
  let at = 0
  incoming.on('data', (piece: Buffer) => {
    at += piece.copy(memory, at)
  })
  incoming.on('end', () => use(memory, memory.subarray(0, at)))
}

type Running = {
  readonly parts: AnsweringParts
  readonly verb: BlobVerb
  readonly call: CallUnderWay
  readonly outgoing: ServerResponse
}

/** Resolves when the verb has ended, and so has let go of `body`. Never rejects. */
async function run(running: Running, body: Buffer): Promise<void> {
  const { parts, verb, call, outgoing } = running
  if (outgoing.destroyed) return
  call.isRunning = true
  let lent: Buffer | undefined
  const lend = (bytes: number) => {
    if (!parts.calls.tryHoldMore(call, bytes)) throw new NotNow()
    lent = parts.memory.take(bytes + besidesFramesBytes)
    return lent
  }
  try {
    call.signal.throwIfAborted()
    const { node } = parts
    send(running, await nodeVerbs[verb].run({ node, body, signal: call.signal, lend }))
    // Handed to the kernel to the last byte. Of an answer that is cut off before, the memory is not used again.
    outgoing.once('finish', () => lent && parts.memory.giveBack(lent))
  } catch (cause) {
    sendFailure(running, cause)
  } finally {
    call.isRunning = false
    if (outgoing.destroyed) parts.calls.end(call)
  }
}

function send({ parts, call, outgoing }: Running, { head, frames }: Told): void {
  if (outgoing.destroyed) return
  const bytes = frames.reduce((sum, { length }) => sum + length, head.length)
  parts.calls.hold(call, bytes)
  call.answered()
  outgoing.writeHead(200, ['content-type', blobContentType, 'content-length', `${bytes}`])
  if (bytes <= joinedMax) {
    outgoing.end(frames.length === 0 ? head : Buffer.concat([head, ...frames], bytes))
    return
  }
  outgoing.cork()
  outgoing.write(head)
  for (const piece of frames) outgoing.write(piece)
  outgoing.end()
}

function sendFailure({ parts, verb, outgoing }: Running, cause: unknown): void {
  if (cause instanceof NotNow) {
    refuseForNow(outgoing)
    return
  }
  if (cause instanceof BadBlobMessage || cause instanceof CallOver) {
    refuse(outgoing, refused(cause instanceof CallOver ? 504 : 400, cause.message))
    return
  }
  const requestId = parts.nextRequestId()
  parts.onFailure(cause, { requestId, verb })
  if (!outgoing.destroyed) sendRefusal(outgoing, refused(500, requestId))
}
