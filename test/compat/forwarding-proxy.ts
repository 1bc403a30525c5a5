// An HTTP proxy that sends every request to one server, whatever host it names: for clients that put something before the
// name of the host that they were given.
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export type ForwardingProxy = { readonly url: string; close(): Promise<void> }

export async function startForwardingProxy(endpoint: string): Promise<ForwardingProxy> {
  const { hostname, port } = new URL(endpoint)
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming
    // Read as a URL, names that begin like an address would be none.
    const path = url.replace(/^http:\/\/[^/]*/, '')
    const forwarded = request({ hostname, port, method, headers, path }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    forwarded.once('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: own } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${own}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
