// A task queue that does whatever a queue may do, and nothing more: it loses, doubles, delays and reorders,
// and delivers again what a consumer has not acknowledged. What it does follows from a seed.
import type { Task } from '../../metadata/outbox-store.ts'
import type { TaskQueue } from '../../metadata/tasks/task-queue.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'

export type QueueTally = { published: number; lost: number; doubled: number; delivered: number }

type Message = { readonly kind: string; readonly tasks: readonly Task[] }
type Consumer = {
  readonly kind: string
  readonly handle: (tasks: readonly Task[]) => Promise<void>
  readonly signal: AbortSignal
  isBusy: boolean
}

const messageTasksMax = 8
const delayMaxMs = 25

export class ChaoticQueue implements TaskQueue {
  readonly outlivesProcess = true
  readonly tally: QueueTally = { published: 0, lost: 0, doubled: 0, delivered: 0 }
  readonly #random: SeededBytes
  #messages: Message[] = []
  #consumers: Consumer[] = []

  constructor(random: SeededBytes) {
    this.#random = random
  }

  publish: TaskQueue['publish'] = async (kind, tasks, { signal }) => {
    signal.throwIfAborted()
    for (let at = 0; at < tasks.length; ) {
      const end = at + 1 + this.#random.integer(messageTasksMax)
      this.#accept({ kind, tasks: tasks.slice(at, end) })
      at = end
    }
    // Down for a moment: some may have been taken.
    if (this.#random.integer(12) === 0) throw new Error('the queue is away')
  }

  consume: TaskQueue['consume'] = (kind, handler, { signal }) => {
    // Its own tasks are all that a consumer is handed.
    const handle = handler as unknown as Consumer['handle']
    this.#consumers.push({ kind, handle, signal, isBusy: false })
    this.#deliver()
    return new Promise((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve())
    })
  }

  close(): Promise<void> {
    this.#messages = []
    return Promise.resolve()
  }

  #accept(message: Message): void {
    this.tally.published += 1
    const fate = this.#random.integer(10)
    if (fate === 0) {
      this.tally.lost += 1
      return
    }
    if (fate === 1) {
      this.tally.doubled += 1
      this.#arrive(message)
    }
    this.#arrive(message)
  }

  #arrive(message: Message): void {
    setTimeout(() => {
      this.#messages.push(message)
      this.#deliver()
    }, this.#random.integer(delayMaxMs))
  }

  #deliver(): void {
    this.#consumers = this.#consumers.filter(({ signal }) => !signal.aborted)
    for (const consumer of this.#consumers) {
      if (consumer.isBusy) continue
      const fitting = this.#messages.filter(({ kind }) => kind === consumer.kind)
      const message = fitting[this.#random.integer(Math.max(1, fitting.length))]
      if (message === undefined) continue
      this.#messages.splice(this.#messages.indexOf(message), 1)
      this.#hand(message, consumer)
    }
  }

  #hand(message: Message, consumer: Consumer): void {
    this.tally.delivered += 1
    consumer.isBusy = true
    // One that dies never answers: what it had is delivered to another.
    const again = () => this.#arrive(message)
    consumer.signal.addEventListener('abort', again)
    consumer
      .handle(message.tasks)
      .catch(again)
      .finally(() => {
        consumer.signal.removeEventListener('abort', again)
        consumer.isBusy = false
        this.#deliver()
      })
  }
}
