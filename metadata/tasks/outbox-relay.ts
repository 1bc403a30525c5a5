// The loop that takes tasks out of the outbox and has them done, in one process of a server. It
// looks again twice a second when there is nothing to do, which also finds what other processes
// have written, and waits longer while nothing but failures comes of it.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { Outbox, ReleaseTask } from '../metadata-store.ts'
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

export function startOutboxRelay(parts: OutboxRelayParts): OutboxRelay {
  const { outbox, onFailure } = parts
  const stopping = new AbortController()
  const isStopping = () => stopping.signal.aborted
  const queue = embeddedTaskQueue(outboxHandler({ ...parts, isStopping }))

  let reported: string | undefined
  const report = (cause: unknown) => {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (message !== reported) onFailure(cause)
    reported = message
  }

  /** One look at the outbox; answers whether it went on, had nothing to do, or got nowhere. */
  const turn = async (): Promise<'worked' | 'idle' | 'stuck'> => {
    try {
      const tasks = await outbox.next(tasksAtOnce)
      if (tasks.length === 0) return 'idle'
      const { done, failures } = await queue.push(tasks)
      for (const cause of failures) report(cause)
      if (failures.length === 0) reported = undefined
      return done === 0 && failures.length > 0 ? 'stuck' : 'worked'
    } catch (cause) {
      report(cause)
      return 'stuck'
    }
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
