// Listens on the admin port.
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import type { HostPort } from '../../gateway/config/config-values.ts'
import { listenFailure } from './listen-failure.ts'

export type AdminListener = { readonly address: HostPort; close(): Promise<void> }

/** Rejects with `ListenRefused` when the address cannot be listened on. */
export async function listenAdmin(app: Hono, listen: HostPort): Promise<AdminListener> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
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
