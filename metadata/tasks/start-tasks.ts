// Relay, queue and workers, put together: what is in the outbox is done. A process may relay, or work, or both, and
// several may do so on one store.
import type { Outbox, Task } from '../outbox-store.ts'
import { type OutboxRelay, type RelayTimes, startOutboxRelay } from './outbox-relay.ts'
import type { TaskQueue } from './task-queue.ts'
import { type TaskWork, taskHandler, type WorkerPauses } from './task-worker.ts'

export type TasksDeps = {
  readonly outbox: Outbox
  /** Closed when this is stopped. */
  readonly queue: TaskQueue
  /** In whose name tasks are claimed now. */
  readonly owner: () => string
  readonly onFailure: (cause: unknown) => void
  readonly onBuried: (task: Task, cause: unknown) => void
  readonly times?: TaskTimes
  /** By kind: how many calls of its work run side by side here. Of others: 1. */
  readonly concurrency?: Readonly<Record<string, number>>
}

/** Those that are not named are as usual. */
export type TaskTimes = Partial<RelayTimes & WorkerPauses>

export type Concurrency = {
  /** Calls of a kind's work that run side by side here. As in `TasksDeps.concurrency`, unless said. */
  readonly callsAtOnce?: number
}

export interface RunningTasks {
  /** Hands tasks of a kind from the outbox to the queue from now on, for whoever consumes them. */
  relay(kind: string): void
  /** Has what the queue brings of a kind done here from now on. */
  consume<Kind extends string>(work: TaskWork<Kind>, concurrency?: Concurrency): void
  /** Both: has tasks of a kind done here from now on. */
  work<Kind extends string>(work: TaskWork<Kind>, concurrency?: Concurrency): void
  /** Resolves when nothing is done any more; what was claimed and not done is there for others. */
  stop(): Promise<void>
}

/** With the consumers of a kind at once. */
export const taskBatch = 256

export function startTasks(deps: TasksDeps): RunningTasks {
  const { outbox, queue, owner, onFailure, times = {}, concurrency = {} } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const relays: OutboxRelay[] = []
  const consumers: Promise<void>[] = []
  const relay = (kind: string) => {
    relays.push(startOutboxRelay({ outbox, queue, kind, owner, onFailure, times }))
  }
  const consume: RunningTasks['consume'] = (
    work,
    { callsAtOnce = concurrency[work.kind] ?? 1 } = {},
  ) => {
    const prefetch = Math.max(1, Math.floor(taskBatch / callsAtOnce))
    for (let call = 0; call < callsAtOnce; call += 1) {
      // Each with failures of its own to wait for.
      const handler = taskHandler(work, { ...deps, signal, pauses: times })
      consumers.push(queue.consume(work.kind, handler, { prefetch, signal }).catch(onFailure))
    }
  }
  return {
    relay,
    consume,
    work: (work, concurrency) => {
      consume(work, concurrency)
      relay(work.kind)
    },
    stop: async () => {
      stopping.abort()
      await Promise.all(relays.map((each) => each.stop()))
      await Promise.all(consumers)
      await queue.close()
      // What a queue keeps is done by others.
      if (queue.outlivesProcess) return
      const left = relays.map((each) => each.giveBack())
      for (const outcome of await Promise.allSettled(left)) {
        if (outcome.status === 'rejected') onFailure(outcome.reason)
      }
    },
  }
}
