// Listens on the admin port: health, and the admin API where there is one.
import { createServer, IncomingMessage } from 'node:http'
import { getRequestListener, type Http2Bindings, type HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import type { AdminApi } from '../../gateway/admin/admin-api.ts'
import type { HostPort } from '../../gateway/config/config-values.ts'
import { listenFailure } from './listen-failure.ts'

export type AdminListener = { readonly address: HostPort; close(): Promise<void> }

/** Rejects with `ListenRefused` when the address cannot be listened on. `api` is there when the process serves S3. */
export async function listenAdmin(
  { health, api }: { readonly health: Hono; readonly api?: AdminApi },
  listen: HostPort,
): Promise<AdminListener> {
  const server = createServer(
    getRequestListener((request, bindings) => {
      const isOwn = api?.isOwn(new URL(request.url).pathname) === true
      return isOwn && isOfHttp1(bindings)
        ? api?.fetch(request, bindings)
        : health.fetch(request, bindings)
    }),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailure('--admin-listen', listen, cause)))
    server.listen(listen.port, listen.host, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port
  return {
    address: { host: listen.host, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** No other is served here. */
function isOfHttp1(bindings: HttpBindings | Http2Bindings): bindings is HttpBindings {
  return bindings.incoming instanceof IncomingMessage
}
