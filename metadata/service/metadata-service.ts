// A metadata service: serves a store, whichever engine that is, over HTTP. Verbs take the short way from Node's
// server; health is Hono's, since nothing hangs on its speed.
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { callGuard } from '../../protocol/cluster/call-access.ts'
import { type CallBounds, CallsUnderWay } from '../../protocol/cluster/calls-under-way.ts'
import type { ClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import type { CheckHealth } from '../../protocol/cluster/remembered-health.ts'
import {
  closeServing,
  connectionsMax,
  type ServiceTls,
  serverLimits,
  tlsServerOptions,
} from '../../protocol/cluster/service-server.ts'
import { type AnsweringParts, answerCall, type Served } from './answer-call.ts'
import { healthApp } from './health-app.ts'

export type MetadataServiceOptions = Served &
  Pick<AnsweringParts, 'nextRequestId' | 'onFailure'> & {
    /** Without one, `tls.ca` is needed. */
    readonly secret?: ClusterSecret
    readonly tls?: ServiceTls
    readonly check: CheckHealth
    readonly bounds?: Partial<CallBounds>
    /** A call that is not there as a whole by then is cut off: its sender holds memory. Default: 20 s. */
    readonly sendingMsMax?: number
  }

export type MetadataService = {
  listen(port: number, host: string): Promise<AddressInfo>
  /** New connections use the new certificate. */
  setTls(tls: ServiceTls): void
  /**
   * Takes no more calls. Resolves when all under way have ended; those that have not after `drainMs` are ended
   * as by their deadlines, and cut off.
   */
  close(drainMs: number): Promise<void>
}

const defaultBounds: CallBounds = { callsMax: 1024, bytesMax: 128 * 1024 * 1024 }
const calls = /^\/v\d/

export function createMetadataService(options: MetadataServiceOptions): MetadataService {
  const underWay = new CallsUnderWay({ ...defaultBounds, ...options.bounds })
  let isStopping = false
  const server = createServer(options)
  server.maxConnections = connectionsMax
  const parts: AnsweringParts = {
    store: options.store,
    lineage: options.lineage,
    isAllowed: callGuard({
      callee: 'metadata service',
      certificates: options.tls?.ca === undefined ? 'notAsked' : 'wanted',
      ...(options.secret === undefined ? {} : { secret: options.secret }),
    }),
    calls: underWay,
    isStopping: () => isStopping,
    nextRequestId: options.nextRequestId,
    onFailure: options.onFailure,
  }
  const answerOthers = getRequestListener(
    healthApp(async () => {
      if (isStopping) throw new Error('it stops')
      await options.check()
    }).fetch,
  )
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.sendDate = false
    if (calls.test(incoming.url ?? '')) answerCall(parts, incoming, outgoing)
    else void answerOthers(incoming, outgoing)
  })
  return {
    listen: (port, host) => listen(server, port, host),
    setTls: (tls) => {
      if ('setSecureContext' in server) server.setSecureContext({ ...tls })
    },
    close: async (drainMs) => {
      isStopping = true
      await closeServing(server, underWay, drainMs)
    },
  }
}

function createServer({
  tls,
  sendingMsMax,
}: Pick<MetadataServiceOptions, 'tls' | 'sendingMsMax'>): Server | HttpsServer {
  return tls === undefined
    ? createHttpServer(serverLimits(sendingMsMax))
    : createHttpsServer(tlsServerOptions(tls, sendingMsMax))
}

function listen(server: Server | HttpsServer, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
      else resolve(address)
    })
  })
}
