// Calls a verb of a data node, again and again within its time: every verb may be repeated after a lost answer. What
// was changed on its way is asked again too, as if it had been lost.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { type BlobVerb, blobContentType, blobPath } from '../../protocol/blob-http/blob-verbs.ts'
import {
  BadBlobMessage,
  type CallCheck,
  checkedCall,
} from '../../protocol/blob-http/checked-head.ts'
import { AnswerLate } from '../../protocol/cluster/awaited-answer.ts'
import { deadlineHeader } from '../../protocol/cluster/call-head.ts'
import type { CallTurns } from '../../protocol/cluster/call-turns.ts'
import { type Exchanged, exchange } from './exchange.ts'
import { DataNodeFailed, DataNodeRefused, isRefusal, shown } from './node-failures.ts'

export type CallerParts = {
  /** For people. */
  readonly node: string
  readonly pool: Dispatcher
  readonly turns: CallTurns
  /** Of the `authorization` header. */
  readonly authorization: string | undefined
  readonly isClosed: () => boolean
}

export type NodeCall<Value> = {
  readonly verb: BlobVerb
  readonly head: Buffer
  /** Sent behind the head, as they are. */
  readonly frames?: readonly Uint8Array[]
  readonly answerBytesMax: number
  /** Throws `BadBlobMessage`. */
  readonly parse: (answer: Buffer, call: CallCheck) => Value
  readonly forMs: number
  readonly signal: AbortSignal | undefined
  readonly into?: Buffer | undefined
  /**
   * `patient`: a slow answer is waited for as long as there is time, where a second attempt would give a node that has
   * enough to do as much again.
   */
  readonly attempts?: 'prompt' | 'patient'
}

export type Answered<Value> =
  | { readonly is: 'answered'; readonly value: Value }
  | { readonly is: 'unavailable'; readonly cause: unknown }

export type CallNode = <Value>(call: NodeCall<Value>) => Promise<Answered<Value>>

/** Before it is asked once more. */
const pauseFirstMs = 25
const pauseLongestMs = 500
/** A connection whose other end is gone says nothing: half of the time is for another one. */
const shareOfTime = 0.5
const shareMsMin = 500
/** What arrives changed so often is changed by whoever sends it. */
const garbledMax = 4

/** Throws the reason of the call's signal, and `DataNodeFailed`. */
export function nodeCaller(parts: CallerParts): CallNode {
  return async (call) => {
    const { signal, forMs } = call
    signal?.throwIfAborted()
    const endsMs = performance.now() + forMs
    if (!parts.turns.tryTake() && !(await parts.turns.wait({ endsMs, signal }))) {
      signal?.throwIfAborted()
      return { is: 'unavailable', cause: new Error('too many calls are under way') }
    }
    try {
      return await untilAnswered(parts, call, endsMs)
    } finally {
      parts.turns.giveBack()
    }
  }
}

type Attempt<Value> =
  | { readonly is: 'answered'; readonly value: Value }
  | { readonly is: 'again' | 'garbled' | 'refused'; readonly cause: unknown }

async function untilAnswered<Value>(
  parts: CallerParts,
  call: NodeCall<Value>,
  endsMs: number,
): Promise<Answered<Value>> {
  let cause: unknown = new AnswerLate()
  let garbled = 0
  for (let round = 0; performance.now() < endsMs && !parts.isClosed(); round += 1) {
    const attempt = await attemptOnce(parts, call, endsMs)
    if (attempt.is === 'answered') return attempt
    call.signal?.throwIfAborted()
    // Time is short at the end, and what was wrong before says more.
    if (!(attempt.cause instanceof AnswerLate)) cause = attempt.cause
    if (attempt.is === 'garbled') garbled += 1
    if (attempt.is === 'refused' || garbled === garbledMax) break
    await pause(round, { endsMs, signal: call.signal })
  }
  return { is: 'unavailable', cause }
}

async function attemptOnce<Value>(
  { node, pool, authorization }: CallerParts,
  call: NodeCall<Value>,
  endsMs: number,
): Promise<Attempt<Value>> {
  const { verb, answerBytesMax, into, signal, frames = [], attempts = 'prompt' } = call
  const nowMs = performance.now()
  const leftMs = endsMs - nowMs
  const shareMs = Math.min(leftMs, Math.max(shareMsMin, leftMs * shareOfTime))
  const forMs = attempts === 'patient' ? leftMs : shareMs
  const { bytes, check } = checkedCall(verb, call.head)
  const headers = {
    'content-type': blobContentType,
    [deadlineHeader]: `${Math.max(1, Math.ceil(forMs))}`,
    ...(authorization === undefined ? {} : { authorization }),
  }
  const exchanged = await exchange(
    pool,
    { path: blobPath(verb), headers, pieces: [bytes, ...frames] },
    { endsMs: nowMs + forMs, signal, answerBytesMax, into },
  )
  return judge(exchanged, { node, parse: (answer) => call.parse(answer, check) })
}

function judge<Value>(
  exchanged: Exchanged,
  { node, parse }: { readonly node: string; readonly parse: (answer: Buffer) => Value },
): Attempt<Value> {
  if (exchanged.is === 'lost') return { is: 'again', cause: exchanged.cause }
  const { status, body } = exchanged
  if (status === 200) {
    try {
      return { is: 'answered', value: parse(body) }
    } catch (cause) {
      if (!(cause instanceof BadBlobMessage)) throw cause
      return { is: 'garbled', cause }
    }
  }
  if (status === 500) throw new DataNodeFailed(node, shown(body))
  const cause = new DataNodeRefused(node, { status, body })
  if (status === 503 || status === 504) return { is: 'again', cause }
  return { is: isRefusal(status) ? 'refused' : 'garbled', cause }
}

async function pause(
  round: number,
  { endsMs, signal }: { readonly endsMs: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const longest = Math.min(pauseLongestMs, pauseFirstMs * 2 ** round, endsMs - performance.now())
  if (longest <= 0) return
  // Not all of them at the same moment.
  const ms = longest * (0.5 + Math.random() / 2)
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  signal?.throwIfAborted()
}
