// What RabbitMQ delivers to one consumer over one channel, from its beginning to its end: gathered into calls of the
// handler, one at a time, and acknowledged when that has resolved. What the handler failed for is put off in
// RabbitMQ with pauses that grow, and is a dead letter in the end; what is no task is one at once.
import { setImmediate as breathe } from 'node:timers/promises'
import type { Channel, ConsumeMessage } from 'amqplib'
import { ToldFailures } from '../../../protocol/told-failures.ts'
import type { Task } from '../../outbox-store.ts'
import { backoff, pause } from '../pause.ts'
import type { TaskHandler } from '../task-queue.ts'
import { BrokerFailure } from './broker-failure.ts'
import { parseTaskMessage } from './task-message.ts'

/** How a message says how often a handler has failed for it. */
export const failuresHeader = 'holdfast-failures'

export type DeliveriesDeps<Kind extends string> = {
  readonly channel: Channel
  readonly kind: Kind
  readonly handler: TaskHandler<Kind>
  /** Publishes them anew, to come again after a pause; throws when that cannot be done now. */
  readonly putOff: (messages: readonly ConsumeMessage[], failures: number) => Promise<void>
  /** How often that is done. */
  readonly putOffsMax: number
  /** So that dead letters have a place to go. */
  readonly declareDead: () => Promise<void>
  readonly onFailure: (cause: unknown) => void
  /** Aborted, nothing is begun any more. */
  readonly signal: AbortSignal
}

type Delivery<Kind extends string> = { readonly message: ConsumeMessage; readonly task: Task<Kind> }

/** After a call that failed, whatever was in it. */
const failedMs = { minMs: 50, maxMs: 5_000 }
/** Failed for this often, a task is handed over alone: it may be what the others have failed for. */
const aloneFrom = 2

export class TaskDeliveries<Kind extends string> {
  readonly #deps: DeliveriesDeps<Kind>
  readonly #unreadable: ToldFailures
  readonly #failures: ToldFailures
  #arrived: Delivery<Kind>[] = []
  #strangers: ConsumeMessage[] = []
  #working: Promise<void> | undefined
  #failuresInARow = 0
  #isOpen = true
  #count = 0

  constructor(deps: DeliveriesDeps<Kind>) {
    this.#deps = deps
    this.#unreadable = new ToldFailures(deps.onFailure)
    this.#failures = new ToldFailures(deps.onFailure)
    deps.channel.on('close', () => {
      this.#isOpen = false
    })
  }

  /** How many messages have come so far. */
  get count(): number {
    return this.#count
  }

  get isIdle(): boolean {
    return this.#working === undefined
  }

  deliver(message: ConsumeMessage): void {
    this.#count += 1
    const { kind } = this.#deps
    const parsed = parseTaskMessage(message.content)
    if (parsed.is === 'task' && isOfKind(parsed.task, kind)) {
      this.#arrived.push({ message, task: parsed.task })
    } else {
      const why = parsed.is === 'task' ? `it is of kind ${parsed.task.kind}` : parsed.why
      this.#unreadable.failed(
        new BrokerFailure(`A message in the queue of ${kind} is no task of it: ${why}.`),
      )
      this.#strangers.push(message)
    }
    this.#wake()
  }

  /** Resolves when no call runs any more, and what it was for is answered. */
  async idle(): Promise<void> {
    await this.#working
  }

  #wake(): void {
    const isOver = !this.#isOpen || this.#deps.signal.aborted
    const isIdle = this.#arrived.length === 0 && this.#strangers.length === 0
    if (isOver || isIdle || this.#working !== undefined) return
    this.#working = this.#work().finally(() => {
      this.#working = undefined
      this.#wake()
    })
  }

  async #work(): Promise<void> {
    const { signal } = this.#deps
    // What has come together is handed over together.
    await breathe()
    while (this.#isOpen && !signal.aborted) {
      await this.#endStrangers()
      const batch = this.#nextBatch()
      if (batch.length === 0) return
      await this.#handOver(batch)
    }
  }

  #nextBatch(): readonly Delivery<Kind>[] {
    const isAlone = ({ message }: Delivery<Kind>) => failuresOf(message) >= aloneFrom
    const first = this.#arrived[0]
    if (first === undefined) return []
    if (isAlone(first)) return this.#arrived.splice(0, 1)
    const batch = this.#arrived.filter((delivery) => !isAlone(delivery))
    this.#arrived = this.#arrived.filter(isAlone)
    return batch
  }

  async #handOver(batch: readonly Delivery<Kind>[]): Promise<void> {
    const { handler, signal } = this.#deps
    try {
      await handler(batch.map(({ task }) => task))
    } catch (cause) {
      this.#failures.failed(cause)
      this.#failuresInARow += 1
      await this.#failed(batch.map(({ message }) => message))
      await pause(backoff(this.#failuresInARow, failedMs), signal)
      return
    }
    this.#failuresInARow = 0
    this.#failures.ended()
    for (const { message } of batch) this.#answer(() => this.#deps.channel.ack(message))
  }

  /** Those that have failed as often are put off together. */
  async #failed(messages: readonly ConsumeMessage[]): Promise<void> {
    const counts = new Set(messages.map(failuresOf))
    for (const before of counts) {
      const some = messages.filter((message) => failuresOf(message) === before)
      if (before >= this.#deps.putOffsMax) await this.#makeDead(some)
      else await this.#putOff(some, before + 1)
    }
  }

  async #putOff(messages: readonly ConsumeMessage[], failures: number): Promise<void> {
    const { putOff, channel, signal } = this.#deps
    try {
      await putOff(messages, failures)
      for (const message of messages) this.#answer(() => channel.ack(message))
    } catch (cause) {
      // RabbitMQ takes nothing now. It goes back where it was, slowly, and is counted there.
      this.#failures.failed(cause)
      await pause(failedMs.maxMs, signal)
      // Not `nack`: newer brokers do not count that.
      for (const message of messages) this.#answer(() => channel.reject(message, true))
    }
  }

  async #endStrangers(): Promise<void> {
    const strangers = this.#strangers
    this.#strangers = []
    if (strangers.length > 0) await this.#makeDead(strangers)
  }

  async #makeDead(messages: readonly ConsumeMessage[]): Promise<void> {
    const { channel, declareDead, signal } = this.#deps
    const declaring = declareDead().catch((cause: unknown) => this.#failures.failed(cause))
    // Not waited for when RabbitMQ does not answer.
    await Promise.race([declaring, pause(failedMs.maxMs, signal)])
    for (const message of messages) this.#answer(() => channel.reject(message, false))
  }

  /** Of a channel that has closed, RabbitMQ has taken everything back. */
  #answer(say: () => void): void {
    if (!this.#isOpen) return
    try {
      say()
    } catch {
      this.#isOpen = false
    }
  }
}

function isOfKind<Kind extends string>(task: Task, kind: Kind): task is Task<Kind> {
  return task.kind === kind
}

/** What a header says that anyone may have written. */
export function failuresOf({ properties }: ConsumeMessage): number {
  const said: unknown = properties.headers?.[failuresHeader]
  return typeof said === 'number' && Number.isSafeInteger(said) && said > 0 ? said : 0
}
