// Stands between the driver and a MongoDB, and understands as much of what passes as is needed to tell its messages
// apart: it counts commands, and whoever asks for it decides what becomes of each: it passes, its connection is cut
// before the server has it or after the server has acted, its answer is held back, or something else is done first.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { BSON } from 'mongodb'

export type Fate = 'pass' | 'cutBefore' | 'cutAfter' | 'hold'
/** Asked of each command of a verb: its number from 1, and its name. */
export type Fates = (number: number, name: string) => Fate | Promise<Fate>

/** The connection to here, and the one from here to the server. */
type Pair = readonly [Socket, Socket]
type Transaction = {
  readonly abort: BSON.Document
  /** On which it was heard of last. */
  readonly pair: Pair
  cutAt: number | undefined
}

const messageCode = 2013
const headerBytes = 16
/** Of the connection and its watching, which no verb has sent. */
const ofConnections = new Set(['hello', 'ismaster', 'isMaster', 'ping', 'endSessions'])
const ofEnds = new Set(['commitTransaction', 'abortTransaction'])

export class MongoProxy {
  readonly #to: { readonly host: string; readonly port: number }
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  /** By session and number: those that are open, as far as was seen here. */
  readonly #transactions = new Map<string, Transaction>()
  #fates: Fates = () => 'pass'
  #refuses = false
  #names: string[] = []

  private constructor(server: Server, to: { readonly host: string; readonly port: number }) {
    this.#server = server
    this.#to = to
    server.on('connection', (client) => this.#serve(client))
  }

  /** `to` is the address of one server. */
  static async start(to: string): Promise<MongoProxy> {
    const { hostname, port } = new URL(to)
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new MongoProxy(server, { host: hostname, port: Number(port) })
  }

  /** The driver must not be told of the server itself, and gives up within so many milliseconds. */
  uri(database: string, giveUpMs: number): string {
    const address = this.#server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const spans = ['serverSelection', 'connect', 'socket', 'waitQueue']
      .map((what) => `${what}TimeoutMS=${giveUpMs}`)
      .join('&')
    return `mongodb://127.0.0.1:${port}/${database}?directConnection=true&${spans}`
  }

  /** From now on, counting from 1. */
  decide(fates: Fates): void {
    this.#names = []
    this.#fates = fates
  }

  /** The names of the commands since then. */
  get commands(): readonly string[] {
    return this.#names
  }

  /** Nobody gets a connection, nor keeps one. */
  refuse(): void {
    this.#refuses = true
    this.cutAll()
  }

  accept(): void {
    this.#refuses = false
  }

  cutAll(): void {
    for (const pair of this.#pairs) cut(pair)
  }

  /** Ends transactions that were cut off so long ago, as a server does by itself, after a minute. */
  async endTransactions({ afterMs }: { readonly afterMs: number }): Promise<void> {
    const until = performance.now() - afterMs
    const over = [...this.#transactions].filter(
      ([, { cutAt }]) => cutAt !== undefined && cutAt <= until,
    )
    if (over.length === 0) return
    const server = connect(this.#to)
    try {
      await once(server, 'connect')
      for (const [id, { abort }] of over) {
        this.#transactions.delete(id)
        server.write(messageOf(abort))
        await once(server, 'data')
      }
    } finally {
      server.destroy()
    }
  }

  async close(): Promise<void> {
    this.#server.close()
    this.cutAll()
    await once(this.#server, 'close')
  }

  #serve(client: Socket): void {
    if (this.#refuses) {
      client.destroy()
      return
    }
    const server = connect(this.#to)
    const pair: Pair = [client, server]
    this.#pairs.add(pair)
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.once('close', () => {
        if (!this.#pairs.delete(pair)) return
        cut(pair)
        for (const transaction of this.#transactions.values()) {
          if (transaction.pair === pair) transaction.cutAt ??= performance.now()
        }
      })
    }
    /** Requests by id whose answers are to be cut off or held. */
    const doomed = new Map<number, Fate>()
    eachMessage(client, async (message) => {
      const fate = await this.#fateOf(message, pair)
      if (fate === 'cutBefore') return cut(pair)
      if (fate !== 'pass') doomed.set(message.readInt32LE(4), fate)
      server.write(message)
    })
    eachMessage(server, async (message) => {
      const fate = doomed.get(message.readInt32LE(8))
      if (fate === 'cutAfter') return cut(pair)
      if (fate !== 'hold') client.write(message)
    })
  }

  async #fateOf(message: Buffer, pair: Pair): Promise<Fate> {
    const command = commandOf(message)
    const [name] = Object.keys(command ?? {})
    if (command === undefined || name === undefined || ofConnections.has(name)) return 'pass'
    this.#names.push(name)
    const fate = await this.#fates(this.#names.length, name)
    if (fate !== 'cutBefore') this.#noteTransaction(name, command, pair)
    return fate
  }

  #noteTransaction(name: string, command: BSON.Document, pair: Pair): void {
    if (command.autocommit !== false) return
    const { lsid, txnNumber } = command
    const id = `${lsid.id.toString('hex')} ${txnNumber}`
    if (ofEnds.has(name)) this.#transactions.delete(id)
    else {
      const number = BSON.Long.fromNumber(Number(txnNumber))
      const ending = { lsid, txnNumber: number, autocommit: false, $db: 'admin' }
      this.#transactions.set(id, {
        abort: { abortTransaction: 1, ...ending },
        pair,
        cutAt: undefined,
      })
    }
  }
}

function cut(pair: Pair): void {
  for (const socket of pair) socket.destroy()
}

/** One after the other. */
function eachMessage(socket: Socket, take: (message: Buffer) => Promise<void>): void {
  let pending = Buffer.alloc(0)
  let before = Promise.resolve()
  socket.on('data', (data) => {
    pending = Buffer.concat([pending, data])
    while (pending.length >= headerBytes && pending.length >= pending.readInt32LE(0)) {
      const message = pending.subarray(0, pending.readInt32LE(0))
      pending = pending.subarray(message.length)
      before = before.then(() => take(message))
    }
  })
}

/** Undefined: what only begins a connection. */
function commandOf(message: Buffer): BSON.Document | undefined {
  if (message.readInt32LE(12) !== messageCode) return undefined
  let at = headerBytes + 4
  // Its sequences of documents may come before it.
  while (message[at] === 1) at += 1 + message.readInt32LE(at + 1)
  const bytes = message.readInt32LE(at + 1)
  return BSON.deserialize(message.subarray(at + 1, at + 1 + bytes))
}

function messageOf(command: BSON.Document): Buffer {
  const body = BSON.serialize(command)
  const message = Buffer.alloc(headerBytes + 5 + body.length)
  message.writeInt32LE(message.length, 0)
  message.writeInt32LE(1, 4)
  message.writeInt32LE(messageCode, 12)
  message.set(body, headerBytes + 5)
  return message
}
