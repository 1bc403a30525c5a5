// A channel on which RabbitMQ answers for each message: taken, refused since a queue is full, or returned since no
// queue gets it. It closes with its connection, or when it was asked for what cannot be; then another is opened.
import type { ConfirmChannel, Options } from 'amqplib'
import { BrokerFailure, brokerFailure } from './broker-failure.ts'

export type Outgoing = {
  readonly exchange: string
  readonly routingKey: string
  readonly body: Buffer
  readonly properties: Options.Publish
}

export type Answer = 'taken' | 'refused' | 'returned'

/** Not answered yet, at most: of a channel, which is of one kind. */
const unansweredMax = 256

export class ConfirmedChannel {
  readonly #channel: ConfirmChannel
  readonly #returned = new Set<string>()
  #unanswered = 0
  #answered = 0
  #messages = 0
  #isOpen = true
  #isFull = false
  #closedFor: unknown
  #waiting: (() => void)[] = []

  /** Takes over a channel that was just opened. */
  constructor(channel: ConfirmChannel) {
    this.#channel = channel
    // Told to who waits for answers.
    channel.on('error', (cause) => {
      this.#closedFor = cause
    })
    channel.on('close', () => {
      this.#isOpen = false
      this.#changed()
    })
    channel.on('drain', () => {
      this.#isFull = false
      this.#changed()
    })
    // A message that is returned is confirmed after that.
    channel.on('return', ({ properties }) => this.#returned.add(String(properties.correlationId)))
  }

  get channel(): ConfirmChannel {
    return this.#channel
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** How many messages were answered for so far. */
  get answered(): number {
    return this.#answered
  }

  /**
   * Sends one, and answers with what RabbitMQ says of it. Waits first while much is unanswered, or unsent. Throws
   * `BrokerFailure` when the channel closes before it is answered: it may have been taken.
   */
  async send(message: Outgoing, signal: AbortSignal): Promise<Answer> {
    while (this.#isOpen && (this.#isFull || this.#unanswered >= unansweredMax)) {
      if (signal.aborted) throw new BrokerFailure('stopped before a message was sent')
      await this.#change(signal)
    }
    if (!this.#isOpen) throw this.#closed()
    this.#unanswered += 1
    try {
      return await this.#publish(message)
    } finally {
      this.#unanswered -= 1
      this.#answered += 1
      this.#changed()
    }
  }

  #publish({ exchange, routingKey, body, properties }: Outgoing): Promise<Answer> {
    this.#messages += 1
    const correlationId = String(this.#messages)
    const options = { ...properties, correlationId, mandatory: true, persistent: true }
    return new Promise((resolve, reject) => {
      const answer = (refusal: unknown) => {
        const isReturned = this.#returned.delete(correlationId)
        if (refusal === null) resolve(isReturned ? 'returned' : 'taken')
        else if (isRefusal(refusal)) resolve('refused')
        else reject(this.#closed())
      }
      try {
        const hasRoom = this.#channel.publish(exchange, routingKey, body, options, answer)
        if (!hasRoom) this.#isFull = true
      } catch {
        // It has been closed, and says so a moment later.
        this.#isOpen = false
        reject(this.#closed())
      }
    })
  }

  #closed(): BrokerFailure {
    return brokerFailure(this.#closedFor ?? 'the connection was lost', 'publishing')
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

/** The library's word for a message that RabbitMQ has answered for with a no. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof Error && cause.message === 'message nacked'
}
