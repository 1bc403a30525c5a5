// Publishes on a channel of its own until RabbitMQ has taken everything. What it refuses, since a queue is full, is
// sent again after pauses that grow; so is what it returns, once the queue was declared anew.
import type { Channel } from 'amqplib'
import { backoff, pause } from '../pause.ts'
import type { BrokerConnection } from './broker-connection.ts'
import { BrokerFailure, brokerFailure } from './broker-failure.ts'
import { type Answer, ConfirmedChannel, type Outgoing } from './confirmed-channel.ts'
import { linkSignals } from './linked-signal.ts'

/** Declares what the messages are for. Called for each channel, and after messages were returned. */
export type Declare = (channel: Channel) => Promise<void>

const refusedMs = { minMs: 50, maxMs: 5_000 }

export class ConfirmedPublisher {
  readonly #connection: BrokerConnection
  readonly #declare: Declare
  #opening: Promise<ConfirmedChannel> | undefined

  constructor(connection: BrokerConnection, declare: Declare) {
    this.#connection = connection
    this.#declare = declare
  }

  /**
   * Resolves when all have been taken. Waits while there is no room, or RabbitMQ reads nothing. Throws
   * `BrokerFailure` when it is out of reach, or answers nothing for long, or the signal comes: some may have been
   * taken.
   */
  async publish(messages: readonly Outgoing[], signal: AbortSignal): Promise<void> {
    let left = messages
    for (let refusals = 0; left.length > 0; refusals += 1) {
      if (refusals > 0) await pause(backoff(refusals, refusedMs), signal)
      if (signal.aborted) throw new BrokerFailure('stopped before all was published')
      left = await this.#round(left, signal)
    }
  }

  /** Sends each once, and answers with those that were not taken. */
  async #round(messages: readonly Outgoing[], signal: AbortSignal): Promise<readonly Outgoing[]> {
    const channel = await this.#channel(signal)
    const ending = linkSignals(signal)
    try {
      const answers = await this.#inTime(
        channel,
        Promise.all(messages.map((message) => channel.send(message, ending.signal))),
        signal,
      )
      if (answers.includes('returned')) await this.#declareAnew(channel, signal)
      return messages.filter((_, at) => answers[at] !== 'taken')
    } finally {
      ending.release()
    }
  }

  /** As long as answers come, or RabbitMQ has said that it reads nothing now. */
  async #inTime(
    channel: ConfirmedChannel,
    sending: Promise<readonly Answer[]>,
    signal: AbortSignal,
  ): Promise<readonly Answer[]> {
    sending.catch(() => undefined)
    for (;;) {
      const before = channel.answered
      const answers = await this.#within(sending, signal)
      if (answers !== undefined) return answers
      if (signal.aborted) throw new BrokerFailure('stopped before all was confirmed')
      if (channel.answered > before || this.#connection.isBlocked) continue
      this.#giveUp(channel)
      const { patienceMs } = this.#connection.times
      throw new BrokerFailure(`RabbitMQ has confirmed nothing for ${patienceMs} ms.`)
    }
  }

  async #channel(signal: AbortSignal): Promise<ConfirmedChannel> {
    // While it reads nothing, it would not answer for a new one either.
    for (;;) {
      this.#opening ??= this.#open(signal)
      const opening = this.#opening
      const channel = await this.#within(opening, signal).catch((cause: unknown) => {
        if (this.#opening === opening) this.#opening = undefined
        throw brokerFailure(cause, 'opening a channel to publish on')
      })
      if (signal.aborted) throw new BrokerFailure('stopped before a channel was open')
      if (channel?.isOpen) return channel
      if (channel !== undefined) this.#opening = undefined
      else if (!this.#connection.isBlocked) {
        this.#opening = undefined
        void opening.then((late) => this.#giveUp(late)).catch(() => undefined)
        this.#connection.renew()
        throw new BrokerFailure('RabbitMQ does not answer.')
      }
    }
  }

  async #open(signal: AbortSignal): Promise<ConfirmedChannel> {
    const model = await this.#connection.model(signal)
    const channel = new ConfirmedChannel(await model.createConfirmChannel())
    await this.#declare(channel.channel)
    return channel
  }

  async #declareAnew({ channel }: ConfirmedChannel, signal: AbortSignal): Promise<void> {
    const declared = this.#declare(channel).then(() => true)
    const isDone = await this.#within(declared, signal).catch((cause: unknown) => {
      throw brokerFailure(cause, 'declaring a queue that was deleted')
    })
    if (isDone === undefined) throw new BrokerFailure('RabbitMQ does not answer.')
  }

  /** Undefined: not within our patience, or before the signal. */
  async #within<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const waiting = new AbortController()
    const either = linkSignals(signal, waiting.signal)
    const { patienceMs } = this.#connection.times
    try {
      // A connection that is waited for has as much, and tells better why there is none.
      return await Promise.race([
        work,
        pause(patienceMs * 1.5, either.signal).then(() => undefined),
      ])
    } finally {
      waiting.abort()
      either.release()
    }
  }

  #giveUp(channel: ConfirmedChannel): void {
    this.#opening = undefined
    if (channel.isOpen) void channel.channel.close().catch(() => undefined)
  }
}
