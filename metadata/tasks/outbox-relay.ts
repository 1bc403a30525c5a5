// The loop that takes tasks out of the outbox and has them done, in one process of a server. It
// looks again twice a second when there is nothing to do, which also finds what other processes
// have written. Tasks that fail stay where they are, and are passed by until the outbox has been gone
// through; while nothing but failures comes of that, it waits longer.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { Outbox, OutboxPlace, OutboxTask, ReleaseTask } from '../outbox-store.ts'
import { embeddedTaskQueue } from './embedded-task-queue.ts'
import { outboxHandler } from './outbox-handler.ts'

export type OutboxRelayParts = {
  readonly outbox: Outbox
  readonly deleteBlobs: (blobs: readonly BlobRef[]) => Promise<void>
  /** Told of failures, of equal ones in a row once; the task stays and is tried again. */
  readonly onFailure: (cause: unknown) => void
  /** Told when a release that contradicts other rows was set aside for good. */
  readonly onSetAside: (task: ReleaseTask, cause: unknown) => void
}

export interface OutboxRelay {
  /** Ends the loop; resolves when the step under way is done. */
  stop(): Promise<void>
}

const tasksAtOnce = 256
const idleMs = 500
const backoffMinMs = 500
const backoffMaxMs = 10_000

/** Of going through the outbox once. */
type Round = {
  readonly done: number
  readonly failures: number
  /** About how many tasks it still goes on; undefined while none has failed. */
  readonly left: number | undefined
}

export function startOutboxRelay(parts: OutboxRelayParts): OutboxRelay {
  const { outbox, onFailure } = parts
  const stopping = new AbortController()
  const isStopping = () => stopping.signal.aborted
  const queue = embeddedTaskQueue(outboxHandler({ ...parts, isStopping }))

  /** Behind what has failed since the outbox was looked at from its beginning. */
  let place: OutboxPlace = {}
  let round: Round = { done: 0, failures: 0, left: undefined }
  let reported: string | undefined
  const report = (cause: unknown) => {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (message !== reported) onFailure(cause)
    reported = message
  }

  /** One look at the outbox; answers whether it went on, had nothing to do, or got nowhere. */
  const turn = async (): Promise<'worked' | 'idle' | 'stuck'> => {
    try {
      const tasks = await outbox.next(tasksAtOnce, place)
      if (tasks.length === 0) return endOfRound()
      const { done, failures, failed } = await queue.push(tasks)
      for (const cause of failures) report(cause)
      if (failures.length === 0) reported = undefined
      place = placeBehind(place, failed)
      // New tasks may come faster than they are done: what has failed does not wait for the last of them.
      const left = round.left ?? (failed.length > 0 ? await outbox.depth() : undefined)
      round = {
        done: round.done + done,
        failures: round.failures + failures.length,
        left: left === undefined ? undefined : left - tasks.length,
      }
      return (round.left ?? 1) > 0 ? 'worked' : endOfRound()
    } catch (cause) {
      report(cause)
      return 'stuck'
    }
  }
  const endOfRound = () => {
    const { done, failures } = round
    place = {}
    round = { done: 0, failures: 0, left: undefined }
    if (failures === 0) return 'idle'
    return done === 0 ? 'stuck' : 'worked'
  }

  const loop = async () => {
    let backoffMs = backoffMinMs
    while (!isStopping()) {
      const outcome = await turn()
      if (outcome === 'stuck') {
        await pause(backoffMs, stopping.signal)
        backoffMs = Math.min(backoffMs * 2, backoffMaxMs)
        continue
      }
      backoffMs = backoffMinMs
      if (outcome === 'idle') await pause(idleMs, stopping.signal)
    }
  }
  const ended = loop()
  return {
    stop: () => {
      stopping.abort()
      return ended
    },
  }
}

/** Those that have failed are in order of their numbers, which spell so that they sort as text. */
function placeBehind(place: OutboxPlace, failed: readonly OutboxTask[]): OutboxPlace {
  const last = (kind: OutboxTask['kind']) =>
    failed.findLast((task) => task.kind === kind)?.seq ?? place[kind]
  return { release: last('release'), deleteBlob: last('deleteBlob') }
}

/** Waits, or less if the signal comes first. */
function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, durationMs)
    signal.addEventListener('abort', wake)
  })
}
