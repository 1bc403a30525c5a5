// Stands between a client of a metadata service and the service, and cuts connections where it is told to: before
// a call has arrived, or when its answer is on its way. It knows calls by the first line of their heads; clients
// have one call at a time on a connection.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What becomes of a call. `hold`: nothing comes of it, and the connection stays. */
export type Fate = 'pass' | 'loseCall' | 'loseAnswer' | 'hold'

export class CuttingProxy {
  readonly url: URL
  /** `objects.get`, in the order in which they came. */
  readonly seen: string[] = []
  decide: (verb: string) => Fate = () => 'pass'
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.url = new URL(`http://127.0.0.1:${port}`)
  }

  static async before(service: URL): Promise<CuttingProxy> {
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const proxy = new CuttingProxy(server, address.port)
    server.on('connection', (client) => proxy.#carry(client, Number(service.port)))
    return proxy
  }

  #carry(client: Socket, port: number): void {
    const service = connect({ port, host: '127.0.0.1', noDelay: true })
    let fate: Fate = 'pass'
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
      const verb = /^POST \/v1\/(\w+)\/(\w+) /.exec(piece.toString('latin1', 0, 100))
      if (verb !== null) {
        const name = `${verb[1]}.${verb[2]}`
        this.seen.push(name)
        fate = this.decide(name)
      }
      if (fate === 'loseCall') client.destroy()
      else if (fate !== 'hold') service.write(piece)
    })
    service.on('data', (piece) => {
      if (fate === 'loseAnswer') client.destroy()
      else client.write(piece)
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
