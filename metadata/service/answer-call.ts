// One call of a verb: its head, its arguments, the verb, the answer.
import assert from 'node:assert'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { beginCall, refuse } from '../../protocol/cluster/begin-call.ts'
import { refused } from '../../protocol/cluster/call-head.ts'
import {
  CallOver,
  type CallsUnderWay,
  type CallUnderWay,
} from '../../protocol/cluster/calls-under-way.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { formOf, type ServedNouns, type ServedVerb } from '../wire/verb-table.ts'
import { packFailure } from '../wire/wire-failure.ts'
import { wireContentType } from '../wire/wire-limits.ts'
import { BadWireValue, packValue, unpackValue } from '../wire/wire-value.ts'
import { judgeCall } from './judge-call.ts'

export type Served = {
  readonly store: MetadataStore
  readonly lineage: ServedNouns['lineage']
}

export type AnsweringParts = Served & {
  readonly isAllowed: (call: IncomingMessage) => boolean
  readonly calls: CallsUnderWay
  readonly isStopping: () => boolean
  readonly nextRequestId: () => string
  /** What went wrong that the caller is told nothing of. */
  readonly onFailure: (cause: unknown, call: FailedCall) => void
}

export type FailedCall = { readonly requestId: string; readonly verb: string }

/** No verb of the port has more. */
const argumentsMax = 4

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
  const { served, bytes } = judged
  const call = beginCall(parts, judged, outgoing)
  if (call === undefined) return
  whenWhole(incoming, bytes, (body) => void run({ parts, served, call, outgoing }, body))
}

function whenWhole(incoming: IncomingMessage, bytes: number, use: (body: Buffer) => void): void {
  const pieces: Buffer[] = []
  incoming.on('data', (piece: Buffer) => pieces.push(piece))
  incoming.on('end', () => {
    const [first] = pieces
    use(first?.length === bytes ? first : Buffer.concat(pieces))
  })
}

type Running = {
  readonly parts: AnsweringParts
  readonly served: ServedVerb
  readonly call: CallUnderWay
  readonly outgoing: ServerResponse
}

async function run(running: Running, body: Buffer): Promise<void> {
  const { parts, served, call, outgoing } = running
  if (outgoing.destroyed) return
  call.isRunning = true
  try {
    const args = parseArguments(body)
    const value = await verbOf(parts, served, call.signal)(...args)
    send(running, 200, packValue(value, formOf(served.row)))
  } catch (cause) {
    sendFailure(running, cause)
  } finally {
    call.isRunning = false
    if (outgoing.destroyed) parts.calls.end(call)
  }
}

function parseArguments(body: Buffer): readonly unknown[] {
  const args = unpackValue(body, 'plain')
  if (!Array.isArray(args) || args.length > argumentsMax) throw new BadWireValue('no arguments')
  return args
}

/** Both names are those of the table: nothing that came in is looked up in an object. */
function verbOf(
  { store, lineage }: Served,
  { noun, verb }: ServedVerb,
  signal: AbortSignal,
): (...args: readonly unknown[]) => Promise<unknown> {
  signal.throwIfAborted()
  const target: object = noun === 'lineage' ? lineage : store.within({ signal })[noun]
  const member: unknown = Reflect.get(target, verb)
  assert(typeof member === 'function', 'a noun without one of its verbs')
  return async (...args) => Reflect.apply(member, target, args)
}

function sendFailure(running: Running, cause: unknown): void {
  const { parts, served, outgoing } = running
  if (cause instanceof BadWireValue || cause instanceof CallOver) {
    refuse(outgoing, refused(cause instanceof CallOver ? 504 : 400, cause.message))
    return
  }
  const requestId = parts.nextRequestId()
  const { bytes, isKnown } = packFailure(cause, requestId)
  if (!isKnown) parts.onFailure(cause, { requestId, verb: `${served.noun}.${served.verb}` })
  send(running, 500, bytes)
}

function send({ parts, call, outgoing }: Running, status: number, bytes: Buffer): void {
  if (outgoing.destroyed) return
  parts.calls.hold(call, bytes.length)
  call.answered()
  outgoing.writeHead(status, ['content-type', wireContentType, 'content-length', `${bytes.length}`])
  outgoing.end(bytes)
}
