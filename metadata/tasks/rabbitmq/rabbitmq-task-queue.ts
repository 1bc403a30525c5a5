// The task queue in RabbitMQ: a queue for each kind, shared by all processes that publish and consume. It is trusted
// with nothing: what it loses comes again from the outbox, and what it has too often or too late is found out there.
//
// Two connections, one to publish and one to consume: while RabbitMQ is short of memory or disk it reads nothing
// from those that publish, and consumers must go on to be heard, or nothing would ever get less.
import type { ConsumeMessage } from 'amqplib'
import type { TaskQueue } from '../task-queue.ts'
import type { BrokerAddress } from './broker-address.ts'
import { BrokerConnection, type ConnectionTimes } from './broker-connection.ts'
import { BrokerFailure } from './broker-failure.ts'
import type { Outgoing } from './confirmed-channel.ts'
import { ConfirmedPublisher } from './confirmed-publisher.ts'
import { consumeKind } from './kind-consumer.ts'
import { linkSignals } from './linked-signal.ts'
import { defaultLimits, type QueueLimits, QueueTopology } from './queue-topology.ts'
import { failuresHeader } from './task-deliveries.ts'
import { encodeTaskMessage } from './task-message.ts'
import { ToldOutage } from './told-outage.ts'

export type RabbitmqQueueOptions = {
  readonly address: BrokerAddress
  /** How this process is called in RabbitMQ's lists. */
  readonly name: string
  /** Told of failures, of equal ones in a row once: of handlers, and of RabbitMQ. All is tried again. */
  readonly onFailure: (cause: unknown) => void
  readonly limits?: Partial<QueueLimits>
  readonly times?: Partial<ConnectionTimes>
}

export function rabbitmqTaskQueue(options: RabbitmqQueueOptions): TaskQueue {
  return new RabbitmqTaskQueue(options)
}

class RabbitmqTaskQueue implements TaskQueue {
  readonly outlivesProcess = true
  readonly #options: RabbitmqQueueOptions
  readonly #topology: QueueTopology
  readonly #publishing: BrokerConnection
  readonly #consuming: BrokerConnection
  readonly #publishers = new Map<string, ConfirmedPublisher>()
  /** Of RabbitMQ, by whatever part: one that is away is told of once. */
  readonly #failures: ToldOutage
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<void>>()

  constructor(options: RabbitmqQueueOptions) {
    const { address, name, onFailure, times = {} } = options
    this.#options = options
    this.#topology = new QueueTopology(address.prefix, { ...defaultLimits, ...options.limits })
    this.#failures = new ToldOutage(onFailure)
    const connection = (purpose: string) =>
      new BrokerConnection({ address, name: `${name} ${purpose}`, failures: this.#failures, times })
    this.#publishing = connection('publishes')
    this.#consuming = connection('consumes')
  }

  publish: TaskQueue['publish'] = (kind, tasks, { signal }) => {
    const { workExchange: exchange } = this.#topology
    const routingKey = this.#topology.routingKey(kind)
    const publisher = this.#publisher(kind, (channel) => this.#topology.declareKind(channel, kind))
    return this.#run(signal, async (either) => {
      const messages = tasks.map((task) => ({
        ...{ exchange, routingKey, body: encodeTaskMessage(task) },
        properties: { messageId: task.id, type: kind, appId: 'holdfast' },
      }))
      await publisher.publish(messages, either)
    })
  }

  consume: TaskQueue['consume'] = (kind, handler, { prefetch, signal }) => {
    const { onFailure } = this.#options
    return this.#run(signal, (either) =>
      consumeKind(
        {
          ...{ connection: this.#consuming, topology: this.#topology, kind, handler, onFailure },
          failures: this.#failures,
          putOff: (messages, failures) => this.#putOff(kind, { messages, failures }, either),
        },
        { prefetch, signal: either },
      ),
    )
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#running)
    await Promise.all([this.#publishing.close(), this.#consuming.close()])
  }

  async #putOff(
    kind: string,
    failed: { readonly messages: readonly ConsumeMessage[]; readonly failures: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { failures } = failed
    const pauseMs = this.#topology.limits.pausesMs[failures - 1]
    if (pauseMs === undefined) throw new BrokerFailure('there is no pause as long as that')
    if (this.#publishing.isBlocked) throw new BrokerFailure('RabbitMQ takes no messages now.')
    const messages = failed.messages.map(({ content, properties }): Outgoing => {
      const { messageId, type, appId } = properties
      return {
        exchange: this.#topology.pauseExchange,
        routingKey: this.#topology.routingKey(kind, pauseMs),
        body: content,
        properties: { messageId, type, appId, headers: { [failuresHeader]: failures } },
      }
    })
    const publisher = this.#publisher(`pause ${pauseMs}`, (channel) =>
      this.#topology.declarePause(channel, pauseMs),
    )
    // What is not taken soon goes back where it was.
    const late = AbortSignal.timeout(this.#publishing.times.patienceMs)
    const either = linkSignals(signal, late)
    try {
      await publisher.publish(messages, either.signal)
    } finally {
      either.release()
    }
  }

  #publisher(
    name: string,
    declare: ConstructorParameters<typeof ConfirmedPublisher>[1],
  ): ConfirmedPublisher {
    const publisher =
      this.#publishers.get(name) ?? new ConfirmedPublisher(this.#publishing, declare)
    this.#publishers.set(name, publisher)
    return publisher
  }

  /** Until it has ended, or the queue is closed. */
  #run(signal: AbortSignal, work: (either: AbortSignal) => Promise<void>): Promise<void> {
    const either = linkSignals(signal, this.#closing.signal)
    const running = work(either.signal).finally(() => {
      either.release()
      this.#running.delete(running)
    })
    this.#running.add(running)
    return running
  }
}
