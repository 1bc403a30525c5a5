// One connection to RabbitMQ, made when it is first asked for, and anew for ever after it was lost, with pauses
// that grow. Of equal failures in a row the first is told. Channels are opened, and opened anew, by who needs them.
import { readFile } from 'node:fs/promises'
import { Duplex } from 'node:stream'
import { type ChannelModel, connect } from 'amqplib'
import { backoff, pause } from '../pause.ts'
import { type BrokerAddress, type BrokerHost, showBroker } from './broker-address.ts'
import { BrokerAway, saidBy } from './broker-failure.ts'
import { linkSignals } from './linked-signal.ts'
import type { ToldOutage } from './told-outage.ts'

export type BrokerConnectionOptions = {
  readonly address: BrokerAddress
  /** How it is called in RabbitMQ's lists. */
  readonly name: string
  readonly failures: ToldOutage
  readonly times?: Partial<ConnectionTimes>
}

export type ConnectionTimes = {
  /** For one host, until it has let us in. */
  readonly connectMs: number
  /** Both sides beat so often; who is silent for two of them is taken for dead. Whole seconds. */
  readonly heartbeatMs: number
  /** Between attempts. */
  readonly reconnectMs: { readonly minMs: number; readonly maxMs: number }
  /** A connection that has lived for less was no success. */
  readonly stableMs: number
  /** For how long one waits for a connection, or for what is asked over it. */
  readonly patienceMs: number
  /** A consumer that gets nothing looks so often whether RabbitMQ still knows it. */
  readonly watchMs: number
}

const defaultTimes: ConnectionTimes = {
  connectMs: 10_000,
  heartbeatMs: 10_000,
  reconnectMs: { minMs: 250, maxMs: 10_000 },
  stableMs: 5_000,
  patienceMs: 10_000,
  watchMs: 5_000,
}
const closeMs = 2_000

export class BrokerConnection {
  readonly times: ConnectionTimes
  readonly #options: BrokerConnectionOptions
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined
  #model: ChannelModel | undefined
  #isBlocked = false
  #openSinceMs: number | undefined
  #giveUp: () => void = () => {}
  #lastFailure = 'it has not answered yet'
  #waiting: (() => void)[] = []

  constructor(options: BrokerConnectionOptions) {
    this.#options = options
    this.times = { ...defaultTimes, ...options.times }
  }

  /** Of a connection that is open. Throws `BrokerAway` when none is within `patienceMs`. */
  async model(signal: AbortSignal): Promise<ChannelModel> {
    this.#running ??= this.#run()
    const deadline = performance.now() + this.times.patienceMs
    for (;;) {
      if (this.#model !== undefined) return this.#model
      const leftMs = deadline - performance.now()
      if (leftMs <= 0 || signal.aborted || this.#closing.signal.aborted) throw this.#unreachable()
      await this.#change(leftMs, signal)
    }
  }

  /** RabbitMQ is short of memory or disk, and reads nothing of what we send. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  /** Gives up one that answers to nothing, though nobody says that it has ended; another is made. */
  renew(): void {
    this.#giveUp()
  }

  /** Ends it, also when RabbitMQ does not answer. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#changed()
    await this.#running
  }

  #unreachable(): BrokerAway {
    const where = showBroker(this.#options.address)
    return new BrokerAway(`RabbitMQ at ${where} cannot be reached: ${this.#lastFailure}.`)
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    for (let failures = 0; !signal.aborted; ) {
      this.#openSinceMs = undefined
      this.#lastFailure = await this.#liveOnce()
      if (signal.aborted) return
      const openSinceMs = this.#openSinceMs ?? performance.now()
      if (performance.now() - openSinceMs >= this.times.stableMs) failures = 0
      failures += 1
      this.#options.failures.failed(this.#unreachable())
      // Many processes lose it at once, and should not all come back at once.
      const pauseMs = backoff(failures, this.times.reconnectMs)
      await pause(pauseMs * (1 - spreadOf(this.#options.name)), signal)
    }
  }

  /** Connects to the first host that lets us in, and answers why that has ended, or why none did. */
  async #liveOnce(): Promise<string> {
    const { hosts } = this.#options.address
    const refusals: string[] = []
    for (const host of hosts) {
      if (this.#closing.signal.aborted) break
      try {
        return await this.#liveOn(await this.#connect(host))
      } catch (cause) {
        refusals.push(saidBy(cause))
      }
    }
    return [...new Set(refusals)].join('; ')
  }

  async #connect({ host, port }: BrokerHost): Promise<ChannelModel> {
    const { address, name } = this.#options
    const { connectMs, heartbeatMs } = this.times
    const [ca, cert, key] = await Promise.all(
      // Read anew each time: certificates are renewed.
      [address.caFile, address.certFile, address.keyFile].map((path) => path && readFile(path)),
    )
    const model = await connect(
      {
        protocol: address.isTls ? 'amqps' : 'amqp',
        hostname: host,
        port,
        username: address.user,
        password: address.password,
        vhost: encodeURIComponent(address.virtualHost),
        heartbeat: Math.ceil(heartbeatMs / 1_000),
      },
      {
        timeout: connectMs,
        noDelay: true,
        keepAlive: true,
        clientProperties: { connection_name: name },
        ...(ca ? { ca } : {}),
        ...(cert && key ? { cert, key } : {}),
      },
    )
    // What went wrong is told with the end.
    model.on('error', () => {})
    return model
  }

  async #liveOn(model: ChannelModel): Promise<string> {
    const { signal } = this.#closing
    model.on('blocked', () => {
      this.#isBlocked = true
    })
    model.on('unblocked', () => {
      this.#isBlocked = false
    })
    const ended = new Promise<string>((resolve) => {
      model.on('close', (cause?: Error) => resolve(cause ? saidBy(cause) : 'it was closed'))
    })
    if (!signal.aborted) {
      this.#model = model
      this.#openSinceMs = performance.now()
      this.#changed()
    }
    const closing = linkSignals(signal)
    const told = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined)
      closing.signal.addEventListener('abort', () => resolve(undefined))
    })
    // Said while it is well: when it is lost, others may have told of that already.
    const stable = setTimeout(() => this.#options.failures.ended(), this.times.stableMs)
    const givenUp = new Promise<string>((resolve) => {
      this.#giveUp = () => resolve('it answers to nothing')
    })
    const why = await Promise.race([ended, told, givenUp])
    clearTimeout(stable)
    closing.release()
    this.#model = undefined
    this.#isBlocked = false
    if (why === undefined) await endModel(model)
    else destroySocket(model)
    return why ?? 'it was closed here'
  }

  #changed(): void {
    const woken = this.#waiting
    this.#waiting = []
    for (const wake of woken) wake()
  }

  async #change(waitMs: number, signal: AbortSignal): Promise<void> {
    const waiting = linkSignals(signal, this.#closing.signal)
    const changed = new AbortController()
    const either = linkSignals(waiting.signal, changed.signal)
    this.#waiting.push(() => changed.abort())
    await pause(waitMs, either.signal)
    either.release()
    waiting.release()
  }
}

/** From 0 to a quarter, as the name has it: hosts and processes differ in theirs. */
function spreadOf(name: string): number {
  let sum = 0
  for (const byte of Buffer.from(name)) sum = (sum * 31 + byte) % 1_009
  return sum / 4_036
}

/** Politely, and if that is not answered, not. */
async function endModel(model: ChannelModel): Promise<void> {
  const tooLong = new AbortController()
  await Promise.race([model.close().catch(() => undefined), pause(closeMs, tooLong.signal)])
  tooLong.abort()
  destroySocket(model)
}

/** A connection that was given up is not closed by the library while the other side says nothing. */
function destroySocket({ connection }: ChannelModel): void {
  if ('stream' in connection && connection.stream instanceof Duplex) connection.stream.destroy()
}
