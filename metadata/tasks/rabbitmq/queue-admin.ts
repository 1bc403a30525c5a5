// What an operator sees and does in RabbitMQ: how much lies in the queues, and the dead letters, to look at, put
// back, or do away with. None of it is needed for work to go on: tasks that are left come again from the outbox,
// whatever became of their messages.
import type { Channel, GetMessage } from 'amqplib'
import { pause } from '../pause.ts'
import type { BrokerAddress } from './broker-address.ts'
import { BrokerConnection, type ConnectionTimes } from './broker-connection.ts'
import { amqpCodeOf, amqpCodes, BrokerFailure, brokerFailure } from './broker-failure.ts'
import { ConfirmedPublisher } from './confirmed-publisher.ts'
import { type DeadLetter, parseDeadLetter } from './dead-letter.ts'
import { defaultLimits, type QueueLimits, QueueTopology } from './queue-topology.ts'
import { ToldOutage } from './told-outage.ts'

export type QueueAdminOptions = {
  readonly address: BrokerAddress
  readonly limits?: Partial<QueueLimits>
  readonly times?: Partial<ConnectionTimes>
}

export type QueueCount =
  | { readonly is: 'queue'; readonly waiting: number; readonly consumers: number }
  | { readonly is: 'absent' }

export type Requeued = {
  readonly requeued: number
  /** Of other kinds, or such as this program cannot read: they stay dead. */
  readonly left: number
}

/** People wait. */
const patienceMs = 5_000
const unaborted = new AbortController().signal

export class QueueAdmin {
  readonly #connection: BrokerConnection
  readonly #topology: QueueTopology

  constructor({ address, limits = {}, times = {} }: QueueAdminOptions) {
    this.#topology = new QueueTopology(address.prefix, { ...defaultLimits, ...limits })
    const failures = new ToldOutage(() => {})
    this.#connection = new BrokerConnection({
      ...{ address, name: 'holdfast tasks', failures },
      times: { patienceMs, ...times },
    })
  }

  /** What waits in a kind's queue. What consumers have now is not counted: RabbitMQ does not say it here. */
  countKind(kind: string): Promise<QueueCount> {
    return this.#count(this.#topology.queueOf(kind))
  }

  countDead(): Promise<QueueCount> {
    return this.#count(this.#topology.dead)
  }

  /** The oldest ones, at most so many. They stay where they are. */
  async listDead(limit: number): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = []
    await this.#onDead(async (channel, count) => {
      for (let seen = 0; seen < Math.min(limit, count); seen += 1) {
        const message = await this.#next(channel)
        if (message === undefined) return
        letters.push(parseDeadLetter(message, this.#topology))
      }
    })
    return letters
  }

  /**
   * Puts dead letters back into the queues that they died in: of one kind, or of all. A message leaves the dead ones
   * once RabbitMQ has confirmed its copy; ended in between, it is in both, which does no harm. Safe to repeat.
   */
  async requeueDead(chosen: { readonly kind: string } | 'all'): Promise<Requeued> {
    let requeued = 0
    let left = 0
    await this.#onDead(async (channel, count) => {
      const publishers = new Map<string, ConfirmedPublisher>()
      // Those that die again meanwhile wait for the next time.
      for (let seen = 0; seen < count; seen += 1) {
        const message = await this.#next(channel)
        if (message === undefined) return
        const { kind, task } = parseDeadLetter(message, this.#topology)
        const isChosen = chosen === 'all' || chosen.kind === kind
        if (!isChosen || kind === undefined || task === undefined) {
          // Not given back before the end, or it would be the next one again.
          left += 1
          continue
        }
        const publisher =
          publishers.get(kind) ??
          new ConfirmedPublisher(this.#connection, (on) => this.#topology.declareKind(on, kind))
        publishers.set(kind, publisher)
        await publisher.publish([this.#copyOf(message, kind)], unaborted)
        channel.ack(message)
        requeued += 1
      }
    })
    return { requeued, left }
  }

  /** Answers how many there were. */
  async purgeDead(): Promise<number> {
    let purged = 0
    await this.#onDead(async (channel) => {
      const { messageCount } = await this.#inTime(channel.purgeQueue(this.#topology.dead))
      purged = messageCount
    })
    return purged
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #copyOf({ content, properties }: GetMessage, kind: string) {
    const { messageId, type, appId } = properties
    return {
      exchange: this.#topology.workExchange,
      routingKey: this.#topology.routingKey(kind),
      body: content,
      // Without what was counted of it: it begins anew.
      properties: { messageId, type, appId },
    }
  }

  async #count(queue: string): Promise<QueueCount> {
    return this.#onChannel(async (channel) => {
      try {
        const { messageCount, consumerCount } = await this.#inTime(channel.checkQueue(queue))
        return { is: 'queue', waiting: messageCount, consumers: consumerCount }
      } catch (cause) {
        if (amqpCodeOf(cause) === amqpCodes.notFound) return { is: 'absent' }
        throw cause
      }
    })
  }

  /** Not called when there is no such queue. */
  async #onDead(body: (channel: Channel, count: number) => Promise<void>): Promise<void> {
    const counted = await this.countDead()
    if (counted.is === 'absent') return
    await this.#onChannel((channel) => body(channel, counted.waiting))
  }

  async #next(channel: Channel): Promise<GetMessage | undefined> {
    const message = await this.#inTime(channel.get(this.#topology.dead))
    return message === false ? undefined : message
  }

  async #onChannel<T>(body: (channel: Channel) => Promise<T>): Promise<T> {
    const model = await this.#connection.model(unaborted)
    try {
      const channel = await this.#inTime(model.createChannel())
      channel.on('error', () => {})
      const answer = await body(channel)
      // What was got and not acknowledged goes back. Of a channel that RabbitMQ has closed, this throws.
      const giveBack = async () => {
        channel.nackAll(true)
        await channel.close()
      }
      await this.#inTime(giveBack()).catch(() => undefined)
      return answer
    } catch (cause) {
      throw brokerFailure(cause, 'looking into its queues')
    }
  }

  async #inTime<T>(asked: Promise<T>): Promise<T> {
    const waiting = new AbortController()
    const late = pause(this.#connection.times.patienceMs, waiting.signal).then(() => {
      throw new BrokerFailure('RabbitMQ does not answer.')
    })
    late.catch(() => undefined)
    try {
      return await Promise.race([asked, late])
    } finally {
      waiting.abort()
    }
  }
}
