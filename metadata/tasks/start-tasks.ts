// Relay, queue and workers of one process, put together: what is in the outbox is done here. Several processes
// may do so on one store.
import type { Outbox, Task } from '../outbox-store.ts'
import { embeddedTaskQueue } from './embedded-task-queue.ts'
import { type OutboxRelay, type RelayTimes, startOutboxRelay } from './outbox-relay.ts'
import { type TaskWork, taskHandler, type WorkerPauses } from './task-worker.ts'

export type TasksDeps = {
  readonly outbox: Outbox
  /** In whose name tasks are claimed now. */
  readonly owner: () => string
  readonly onFailure: (cause: unknown) => void
  readonly onBuried: (task: Task, cause: unknown) => void
  readonly times?: TaskTimes
}

/** Those that are not named are as usual. */
export type TaskTimes = Partial<RelayTimes & WorkerPauses>

export interface RunningTasks {
  /** Has tasks of a kind done from now on. */
  work<Kind extends string>(work: TaskWork<Kind>): void
  /** Resolves when nothing is done any more; what was claimed and not done is there for others. */
  stop(): Promise<void>
}

/** With a consumer at once, and as many waiting for it. */
const batch = 256

export function startTasks(deps: TasksDeps): RunningTasks {
  const { outbox, owner, onFailure, times = {} } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const queue = embeddedTaskQueue({ tasksMax: batch, onFailure })
  const relays: OutboxRelay[] = []
  return {
    work: (work) => {
      const handler = taskHandler(work, { ...deps, signal, pauses: times })
      void queue.consume(work.kind, handler, { prefetch: batch, signal })
      const { kind } = work
      relays.push(startOutboxRelay({ outbox, queue, kind, owner, onFailure, times }))
    },
    stop: async () => {
      stopping.abort()
      await Promise.all(relays.map((relay) => relay.stop()))
      await queue.close()
      const left = relays.map((relay) => relay.giveBack())
      for (const outcome of await Promise.allSettled(left)) {
        if (outcome.status === 'rejected') onFailure(outcome.reason)
      }
    },
  }
}
