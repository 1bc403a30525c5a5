// One address before several gateways: each connection goes to the next of them that takes it.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type Balancer = { readonly url: string; close(): Promise<void> }

export async function startBalancer(targets: readonly URL[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let turn = 0
  const forward = (client: Socket, tries: number) => {
    const target = targets[turn % targets.length]
    turn += 1
    if (target === undefined || tries === targets.length) {
      client.destroy()
      return
    }
    const server = connect(Number(target.port), target.hostname)
    open.add(server)
    server.on('close', () => open.delete(server))
    server.once('error', () => forward(client, tries + 1))
    server.once('connect', () => {
      server.removeAllListeners('error')
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
    })
  }
  // Nothing is read of a client before there is somebody to hand it to.
  const listener = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
    open.add(client)
    client.on('close', () => open.delete(client))
    client.on('error', () => {})
    forward(client, 0)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(listener, 'close')
      listener.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
