// Stands between a client and a server on 127.0.0.1 and does to their connections what networks do: cuts them, holds
// what one side says, drops it, delays it, refuses new ones. It knows nothing of what it carries, but for how much.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** From the client to the server, or back. */
export type Direction = 'requests' | 'answers'

type Pair = { readonly client: Socket; readonly server: Socket }
type Flow = {
  state: 'flows' | 'held' | 'dropped'
  delayMs: number
  readonly pumps: Set<() => void>
}

export class TcpProxy {
  /** Bytes that each side has sent so far. */
  readonly bytes: Record<Direction, number> = { requests: 0, answers: 0 }
  /** How many connections were taken so far. */
  accepted = 0
  readonly #listener: Server
  readonly #pairs = new Set<Pair>()
  readonly #flows: Record<Direction, Flow> = {
    requests: { state: 'flows', delayMs: 0, pumps: new Set() },
    answers: { state: 'flows', delayMs: 0, pumps: new Set() },
  }
  #isRefusing = false
  #target: number
  #cutAfter: { direction: Direction; at: number } | undefined

  private constructor(listener: Server, target: number) {
    this.#listener = listener
    this.#target = target
    listener.on('connection', (client) => this.#accept(client))
  }

  /** In front of a port of 127.0.0.1. */
  static async listen(target: number): Promise<TcpProxy> {
    const listener = createServer({ allowHalfOpen: false })
    const proxy = new TcpProxy(listener, target)
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Ends all connections at once, as a cable does: neither side is told by the other. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair)
  }

  /** Cuts all connections once so many more bytes have gone in a direction; the rest of them is lost. */
  cutAfter(direction: Direction, bytes: number): void {
    this.#cutAfter = { direction, at: this.bytes[direction] + bytes }
  }

  /** New connections are ended at once, and those there are too. */
  refuse(): void {
    this.#isRefusing = true
    this.cut()
  }

  /** Keeps what is said in a direction, in its order, until `flow`. */
  hold(direction: Direction): void {
    this.#flows[direction].state = 'held'
  }

  /** Loses what is said in a direction: such connections are good for nothing any more but to be cut. */
  drop(direction: Direction): void {
    this.#flows[direction].state = 'dropped'
  }

  /** What is said in a direction arrives so much later. */
  delay(direction: Direction, delayMs: number): void {
    this.#flows[direction].delayMs = delayMs
  }

  /** As if nothing had been: what was held arrives, and what comes is taken. */
  flow(): void {
    this.#isRefusing = false
    this.#cutAfter = undefined
    for (const flow of Object.values(this.#flows)) {
      flow.state = 'flows'
      flow.delayMs = 0
      for (const pump of flow.pumps) pump()
    }
  }

  /** The server has another port now. */
  retarget(target: number): void {
    this.#target = target
  }

  async close(): Promise<void> {
    this.cut()
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) {
      client.destroy()
      return
    }
    this.accepted += 1
    const pair = { client, server: connect(this.#target, '127.0.0.1') }
    this.#pairs.add(pair)
    for (const socket of [pair.client, pair.server]) {
      socket.setNoDelay(true)
      socket.on('error', () => this.#end(pair))
      socket.on('close', () => this.#end(pair))
    }
    this.#carry('requests', { from: client, to: pair.server, pair })
    this.#carry('answers', { from: pair.server, to: client, pair })
  }

  #carry(
    direction: Direction,
    { from, to, pair }: { readonly from: Socket; readonly to: Socket; readonly pair: Pair },
  ): void {
    const flow = this.#flows[direction]
    // In the order in which it was said, whatever happens to it: else it would be no TCP.
    const waiting: { readonly piece: Buffer; readonly dueMs: number }[] = []
    let isTimed = false
    const pump = () => {
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        if (flow.state === 'held') return
        const leftMs = next.dueMs - performance.now()
        if (leftMs > 0) {
          if (!isTimed) setTimeout(pumpLater, leftMs)
          isTimed = true
          return
        }
        waiting.shift()
        if (!to.destroyed) to.write(next.piece)
      }
    }
    const pumpLater = () => {
      isTimed = false
      pump()
    }
    flow.pumps.add(pump)
    from.on('close', () => flow.pumps.delete(pump))
    from.on('data', (whole: Buffer) => {
      const piece = this.#count(direction, whole)
      if (flow.state !== 'dropped') {
        waiting.push({ piece, dueMs: performance.now() + flow.delayMs })
        pump()
      }
      // What came before the cut arrives.
      if (piece.length < whole.length) setImmediate(() => this.cut())
    })
    // One side has said all it will: so does the other, after what is on its way.
    from.on('end', () => {
      if (flow.state === 'flows') setTimeout(() => this.#end(pair), flow.delayMs + 20)
    })
  }

  /** What of it is let through. */
  #count(direction: Direction, piece: Buffer): Buffer {
    const before = this.bytes[direction]
    this.bytes[direction] += piece.length
    const cut = this.#cutAfter
    if (cut?.direction !== direction || this.bytes[direction] < cut.at) return piece
    this.#cutAfter = undefined
    // At least one byte is lost, or it would be no cut in the middle.
    return piece.subarray(0, Math.min(piece.length - 1, Math.max(0, cut.at - before)))
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
}
