// What we have in RabbitMQ, declared by the program wherever it opens a channel; to declare again what is there
// already changes nothing. All of it may be deleted at any time: it is declared anew, and tasks come again from the
// outbox.
//
//   PREFIX.work (topic) ──*.KIND──▶ PREFIX.tasks.KIND    one for each kind
//                                        │ rejected, or delivered too often
//   PREFIX.dead (fanout) ◀───────────────┘ ──▶ PREFIX.dead
//   PREFIX.pause (topic) ──MS.*──▶ PREFIX.pause.MS   after so long ──▶ PREFIX.work
//
// Routing keys are PAUSE.KIND, in which PAUSE is 0 of what was not put off. Properties of queues cannot be changed:
// with others than these here, every program that declares the older ones is refused.
import type { Channel } from 'amqplib'

export type QueueLimits = {
  /** Of a kind's queue; publishers wait when so many are in it. */
  readonly tasksMax: number
  /** How often a message is put off after a handler has failed, before it is a dead letter. */
  readonly pausesMs: readonly number[]
  /** Of deliveries that nobody answered, since who had them died. */
  readonly deliveriesMax: number
}

export const defaultLimits: QueueLimits = {
  tasksMax: 10_000,
  pausesMs: [1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000],
  deliveriesMax: 10,
}

/** The oldest give way: they are a record for people, and no work is lost with them. */
const deadLettersMax = 10_000
const deadBytesMax = 64 * 1024 * 1024
/** Looking at dead letters delivers them, and newer brokers drop at 20 deliveries what says nothing else. */
const looksMax = 1_000_000

const durable = { durable: true }

export class QueueTopology {
  readonly limits: QueueLimits
  readonly #prefix: string

  constructor(prefix: string, limits: QueueLimits = defaultLimits) {
    this.#prefix = prefix
    this.limits = limits
  }

  get workExchange(): string {
    return `${this.#prefix}.work`
  }

  get pauseExchange(): string {
    return `${this.#prefix}.pause`
  }

  /** The exchange and the queue. */
  get dead(): string {
    return `${this.#prefix}.dead`
  }

  queueOf(kind: string): string {
    return `${this.#prefix}.tasks.${kind}`
  }

  routingKey(kind: string, pauseMs = 0): string {
    return `${pauseMs}.${kind}`
  }

  /** The kind that a routing key of ours names. */
  kindIn(routingKey: string): string | undefined {
    return /^\d+\.([a-z][A-Za-z]{0,31})$/.exec(routingKey)?.[1]
  }

  async declareKind(channel: Channel, kind: string): Promise<void> {
    await this.declareDead(channel)
    await channel.assertExchange(this.workExchange, 'topic', durable)
    await channel.assertQueue(this.queueOf(kind), {
      ...durable,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': this.limits.deliveriesMax,
        'x-dead-letter-exchange': this.dead,
        'x-max-length': this.limits.tasksMax,
        'x-overflow': 'reject-publish',
      },
    })
    await channel.bindQueue(this.queueOf(kind), this.workExchange, `*.${kind}`)
  }

  async declarePause(channel: Channel, pauseMs: number): Promise<void> {
    const queue = `${this.pauseExchange}.${pauseMs}`
    await channel.assertExchange(this.pauseExchange, 'topic', durable)
    await channel.assertQueue(queue, {
      ...durable,
      arguments: {
        'x-queue-type': 'quorum',
        'x-message-ttl': pauseMs,
        'x-dead-letter-exchange': this.workExchange,
        'x-max-length': this.limits.tasksMax,
        'x-overflow': 'reject-publish',
      },
    })
    await channel.bindQueue(queue, this.pauseExchange, `${pauseMs}.*`)
  }

  async declareDead(channel: Channel): Promise<void> {
    await channel.assertExchange(this.dead, 'fanout', durable)
    await channel.assertQueue(this.dead, {
      ...durable,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': looksMax,
        'x-max-length': deadLettersMax,
        'x-max-length-bytes': deadBytesMax,
        'x-overflow': 'drop-head',
      },
    })
    await channel.bindQueue(this.dead, this.dead, '')
  }
}
