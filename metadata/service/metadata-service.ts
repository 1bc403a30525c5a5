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
import type { ClusterSecret } from '../cluster-secret.ts'
import { type AnsweringParts, answerCall, type Served } from './answer-call.ts'
import { callGuard } from './call-access.ts'
import { type CallBounds, CallsUnderWay } from './calls-under-way.ts'
import { type CheckHealth, healthApp } from './health-app.ts'

/** PEM texts. With `ca`, clients have to show a certificate that one of these authorities has signed. */
export type ServiceTls = { readonly cert: string; readonly key: string; readonly ca?: string }

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
const sendingMsDefault = 20_000
const headersMsMax = 10_000
const headerBytesMax = 4096
const connectionsMax = 4096
/** Longer than clients keep connections that are idle, so that none is closed as a call is sent. */
const keepAliveMs = 75_000
const timeoutLookMs = 1000
const drainPollMs = 50
/** A verb that does not heed its signal is left behind. */
const settleMs = 3000

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
      const closed = closeServer(server)
      await endedWithin(underWay, drainMs)
      underWay.abortAll()
      await endedWithin(underWay, settleMs)
      server.closeAllConnections()
      await closed
    },
  }
}

function createServer({
  tls,
  sendingMsMax = sendingMsDefault,
}: Pick<MetadataServiceOptions, 'tls' | 'sendingMsMax'>): Server | HttpsServer {
  const limits = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: Math.min(headersMsMax, sendingMsMax),
    requestTimeout: sendingMsMax,
    connectionsCheckingInterval: Math.min(timeoutLookMs, sendingMsMax),
    keepAliveTimeout: keepAliveMs,
    noDelay: true,
  }
  if (tls === undefined) return createHttpServer(limits)
  // Whoever shows none may ask for health; `call-access.ts` refuses the rest.
  const asked = tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: false }
  return createHttpsServer({ ...limits, ...tls, ...asked, minVersion: 'TLSv1.2' })
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

function closeServer(server: Server | HttpsServer): Promise<void> {
  return new Promise((resolve) => {
    // A connection turns idle when its call ends: those are looked for until all are gone.
    const poll = setInterval(() => server.closeIdleConnections(), drainPollMs)
    server.close(() => {
      clearInterval(poll)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function endedWithin(underWay: CallsUnderWay, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([underWay.ended(), late])
  clearTimeout(timer)
}
