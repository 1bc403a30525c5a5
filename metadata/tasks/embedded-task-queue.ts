// The task queue within one process: a bounded list for each kind, in memory.

import assert from 'node:assert'
import type { Task } from '../outbox-store.ts'
import type { TaskQueue } from './task-queue.ts'

/** Of one kind. */
class Lane {
  readonly #tasksMax: number
  #tasks: Task[] = []
  #waiting: (() => void)[] = []
  #isClosed = false

  constructor(tasksMax: number) {
    this.#tasksMax = tasksMax
  }

  async put(tasks: readonly Task[], signal: AbortSignal): Promise<void> {
    while (!this.#isOver(signal) && this.#tasks.length >= this.#tasksMax) await this.#change(signal)
    if (this.#isOver(signal)) throw new Error('the queue takes no more tasks')
    this.#tasks.push(...tasks)
    this.#changed()
  }

  /** At most so many; none when the signal comes first, or the queue is closed. */
  async take(limit: number, signal: AbortSignal): Promise<readonly Task[]> {
    while (!this.#isOver(signal) && this.#tasks.length === 0) await this.#change(signal)
    if (this.#isOver(signal)) return []
    const taken = this.#tasks.splice(0, limit)
    this.#changed()
    return taken
  }

  close(): void {
    this.#isClosed = true
    this.#changed()
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#isClosed
  }

  #changed(): void {
    const woken = this.#waiting
    this.#waiting = []
    for (const wake of woken) wake()
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.push(wake)
      signal.addEventListener('abort', wake)
    })
  }
}

export type EmbeddedQueueOptions = {
  /** Of one kind: when so many wait, publishers do. */
  readonly tasksMax: number
  /** Told of a handler that has failed: its tasks come again when their leases end. */
  readonly onFailure: (cause: unknown) => void
}

export function embeddedTaskQueue({ tasksMax, onFailure }: EmbeddedQueueOptions): TaskQueue {
  const lanes = new Map<string, Lane>()
  let isClosed = false
  const consumers = new Set<Promise<void>>()
  const laneOf = (kind: string) => {
    const lane = lanes.get(kind) ?? new Lane(tasksMax)
    lanes.set(kind, lane)
    return lane
  }
  return {
    outlivesProcess: false,
    publish: (kind, tasks, { signal }) => laneOf(kind).put(tasks, signal),

    consume: (kind, handler, { prefetch, signal }) => {
      const consume = async () => {
        while (!signal.aborted && !isClosed) {
          const tasks = await laneOf(kind).take(prefetch, signal)
          if (tasks.length > 0) await handler(parseTasks(kind, tasks)).catch(onFailure)
        }
      }
      const consumer = consume().finally(() => consumers.delete(consumer))
      consumers.add(consumer)
      return consumer
    },

    close: async () => {
      isClosed = true
      for (const lane of lanes.values()) lane.close()
      await Promise.all(consumers)
    },
  }
}

/** What lies in the lane of a kind is of that kind. */
function parseTasks<Kind extends string>(
  kind: Kind,
  tasks: readonly Task[],
): readonly Task<Kind>[] {
  assert(tasks.every((task) => task.kind === kind))
  return tasks as readonly Task<Kind>[]
}
