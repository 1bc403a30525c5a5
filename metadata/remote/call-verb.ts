// Calls a verb of whichever service answers: one after the other within the call's time. What may have been begun
// is begun again elsewhere only where that is harmless, as `verb-table.ts` says of each verb.
import { setTimeout as sleep } from 'node:timers/promises'
import { deadlineHeader } from '../../protocol/cluster/call-head.ts'
import type { CallTurns } from '../../protocol/cluster/call-turns.ts'
import { type ChangeOptions, drawCommitId } from '../commit-id.ts'
import { StoreUnavailable } from '../store-unavailable.ts'
import { formOf, type ServedVerb, type VerbRow } from '../wire/verb-table.ts'
import { parseFailure } from '../wire/wire-failure.ts'
import { wireContentType } from '../wire/wire-limits.ts'
import { BadWireValue, packValue, unpackValue } from '../wire/wire-value.ts'
import type { Exchanged } from './exchange.ts'
import { chooseEndpoint, type ServiceEndpoint } from './service-endpoint.ts'
import { isOurMistake, isRefusal, serviceRefused } from './service-refused.ts'
import { withoutService, withService } from './sticky-moments.ts'

export type CallerParts = {
  readonly endpoints: readonly ServiceEndpoint[]
  readonly turns: CallTurns
  /** Of the `authorization` header. */
  readonly authorization: string | undefined
  readonly deadlineMs: number
  readonly random: (bytes: number) => Buffer
  readonly nowMs: () => number
  /** Aborted when the store is closed. */
  readonly closing: AbortSignal
}

/** Before everybody is asked once more. */
const pauseFirstMs = 25
const pauseLongestMs = 500
/** A service that says nothing is not waited for longer than that, while there are others to ask. */
const shareOfTime = 0.5

export type CallVerb = (
  served: ServedVerb,
  args: readonly unknown[],
  signal: AbortSignal | undefined,
) => Promise<unknown>

export function verbCaller(parts: CallerParts): CallVerb {
  let turn = 0
  return async (served, args, signal) => {
    signal?.throwIfAborted()
    const endsMs = performance.now() + parts.deadlineMs
    if (!parts.turns.tryTake() && !(await parts.turns.wait({ endsMs, signal }))) {
      signal?.throwIfAborted()
      throw new StoreUnavailable({ cause: new Error('too many calls are under way') })
    }
    turn += 1
    try {
      return await new VerbCall(parts, { served, signal, endsMs, turn }).made(args)
    } finally {
      parts.turns.giveBack()
    }
  }
}

type CallOf = {
  readonly served: ServedVerb
  readonly signal: AbortSignal | undefined
  readonly endsMs: number
  readonly turn: number
}

/** What an attempt came to. `again`: at another service, or later. */
type Attempt =
  | { readonly is: 'done'; readonly value: unknown }
  | { readonly is: 'again'; readonly cause: unknown; readonly isRefused: boolean }
  | { readonly is: 'failed'; readonly cause: unknown }

class VerbCall {
  readonly #parts: CallerParts
  readonly #call: CallOf
  readonly #tried = new Set<ServiceEndpoint>()
  #lastCause: unknown

  constructor(parts: CallerParts, call: CallOf) {
    this.#parts = parts
    this.#call = call
  }

  async made(given: readonly unknown[]): Promise<unknown> {
    const { served, signal, turn, endsMs } = this.#call
    const { endpoints, closing } = this.#parts
    const { row } = served
    const { args, service } = withoutService(row, withCommitId(row, given, this.#parts))
    const body = packValue(args, 'plain')
    let first = service === undefined ? undefined : endpoints[service]
    for (let round = 0; performance.now() < endsMs && !closing.aborted; round += 1) {
      this.#tried.clear()
      let areRefused = true
      for (;;) {
        signal?.throwIfAborted()
        const endpoint: ServiceEndpoint | undefined =
          first ?? chooseEndpoint(endpoints, this.#tried, turn)
        first = undefined
        if (endpoint === undefined || performance.now() >= endsMs) break
        this.#tried.add(endpoint)
        const attempt = await this.#attempt(endpoint, body)
        if (attempt.is === 'done')
          return withService(row, attempt.value, endpoints.indexOf(endpoint))
        signal?.throwIfAborted()
        if (attempt.is === 'failed') throw attempt.cause
        this.#lastCause = attempt.cause
        areRefused &&= attempt.isRefused
      }
      // Nobody takes such calls: that does not change while one waits.
      if (areRefused) break
      await this.#pause(round)
    }
    throw new StoreUnavailable({ cause: this.#lastCause })
  }

  async #attempt(endpoint: ServiceEndpoint, body: Buffer): Promise<Attempt> {
    const { served, signal, endsMs } = this.#call
    const nowMs = performance.now()
    const hasOthers = this.#tried.size < this.#parts.endpoints.length && served.row.is !== 'once'
    const forMs = (endsMs - nowMs) * (hasOthers ? shareOfTime : 1)
    const exchanged = await endpoint.send(
      { path: served.path, headers: this.#headers(forMs), body },
      { endsMs: nowMs + forMs, signal },
    )
    return this.#judge(endpoint, exchanged)
  }

  #headers(forMs: number): Readonly<Record<string, string>> {
    const { authorization } = this.#parts
    const deadline = `${Math.max(1, Math.ceil(forMs))}`
    const headers = { 'content-type': wireContentType, [deadlineHeader]: deadline }
    return authorization === undefined ? headers : { ...headers, authorization }
  }

  #judge(endpoint: ServiceEndpoint, exchanged: Exchanged): Attempt {
    const { served, signal } = this.#call
    const { row } = served
    if (exchanged.is === 'lost') {
      const { isSent, cause } = exchanged
      if (signal?.aborted !== true) endpoint.failed()
      return isSent ? lost(row, cause) : { is: 'again', cause, isRefused: false }
    }
    const { status, body } = exchanged
    try {
      if (status === 200) {
        const value = unpackValue(body, formOf(row))
        endpoint.worked()
        return { is: 'done', value }
      }
      if (status === 500) {
        const cause = parseFailure(body)
        endpoint.worked()
        return cause instanceof StoreUnavailable ? lost(row, cause) : { is: 'failed', cause }
      }
    } catch (cause) {
      // Something that is no service has answered.
      if (!(cause instanceof BadWireValue)) throw cause
      endpoint.failed()
      return lost(row, cause)
    }
    const cause = serviceRefused(endpoint.name, status, body)
    if (isOurMistake(status)) return { is: 'failed', cause }
    if (status !== 504) endpoint.failed()
    if (status === 503) return { is: 'again', cause, isRefused: false }
    if (isRefusal(status)) return { is: 'again', cause, isRefused: true }
    // Whoever stands between may say anything of a call that has been begun.
    return lost(row, cause)
  }

  async #pause(round: number): Promise<void> {
    const { endsMs, signal } = this.#call
    const longest = Math.min(pauseLongestMs, pauseFirstMs * 2 ** round, endsMs - performance.now())
    if (longest <= 0) return
    // Not all of them at the same moment.
    const ms = longest * (0.5 + Math.random() / 2)
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    signal?.throwIfAborted()
  }
}

/** The verb may have been done. */
function lost({ is }: VerbRow, cause: unknown): Attempt {
  if (is === 'once') return { is: 'failed', cause: new StoreUnavailable({ cause }) }
  return { is: 'again', cause, isRefused: false }
}

/** Its own, when the caller has given none: so that the call may be made again. */
function withCommitId(
  row: VerbRow,
  args: readonly unknown[],
  { nowMs, random }: Pick<CallerParts, 'nowMs' | 'random'>,
): readonly unknown[] {
  if (row.is !== 'named') return args
  const given = args[row.options] as ChangeOptions | undefined
  if (given?.commitId !== undefined) return args
  const named = [...args]
  named[row.options] = { ...given, commitId: drawCommitId(nowMs(), random) }
  return named
}
