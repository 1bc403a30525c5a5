// Stands between a client and the service it calls, and does to calls and answers what networks do: cuts connections
// before a call has arrived, or when its answer is on its way or half there, changes bits, or swallows all. It
// knows calls by the first line of their heads; clients have one call at a time on a connection.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What becomes of a call. `hold`: nothing comes of it, and the connection stays. */
export type Fate =
  | 'pass'
  | 'loseCall'
  | 'loseAnswer'
  | 'halveAnswer'
  | 'flipCall'
  | 'flipAnswer'
  | 'hold'

/** A number below `limit`. */
export type Below = (limit: number) => number

export class TamperingProxy {
  readonly url: URL
  /** Paths of calls, in the order in which they came. */
  readonly seen: string[] = []
  decide: (path: string) => Fate = () => 'pass'
  readonly #server: Server
  readonly #below: Below
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, port: number, below: Below) {
    this.#server = server
    this.#below = below
    this.url = new URL(`http://127.0.0.1:${port}`)
  }

  static async before(service: URL, below: Below = () => 0): Promise<TamperingProxy> {
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const proxy = new TamperingProxy(server, address.port, below)
    server.on('connection', (client) => proxy.#carry(client, Number(service.port)))
    return proxy
  }

  #carry(client: Socket, port: number): void {
    const service = connect({ port, host: '127.0.0.1', noDelay: true })
    let fate: Fate = 'pass'
    let isTold = false
    for (const socket of [client, service]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        service.destroy()
      })
    }
    client.on('data', (piece) => {
      const path = /^[A-Z]+ (\/\S*) HTTP\/1\.1\r\n/.exec(piece.toString('latin1', 0, 200))?.[1]
      if (path !== undefined) {
        this.seen.push(path)
        fate = this.decide(path)
        isTold = false
      }
      if (fate === 'loseCall') client.destroy()
      else if (fate !== 'hold') service.write(fate === 'flipCall' ? this.#flipped(piece) : piece)
    })
    service.on('data', (piece) => {
      if (fate === 'loseAnswer') client.destroy()
      else if (fate === 'halveAnswer') {
        client.end(piece.subarray(0, piece.length >> 1))
        service.destroy()
      } else {
        const isFlipped = fate === 'flipAnswer' && !isTold
        client.write(isFlipped ? this.#flipped(piece) : piece)
        isTold = true
      }
    })
  }

  /** One bit, behind the head if there is one: those are the service's and the client's own affair. */
  #flipped(piece: Buffer): Buffer {
    const head = piece.indexOf('\r\n\r\n')
    const from = head === -1 ? 0 : head + 4
    if (from >= piece.length) return piece
    const flipped = Buffer.from(piece)
    const at = from + this.#below(piece.length - from)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << this.#below(8))
    return flipped
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
