// How a part of the cluster serves its calls by Node's HTTP server: what it bears of connections, who is asked for a
// certificate, and how it ends. The server itself is made where sockets are: this only handles it.
import type { CallsUnderWay } from './calls-under-way.ts'

/** PEM texts. With `ca`, clients have to show a certificate that one of these authorities has signed. */
export type ServiceTls = { readonly cert: string; readonly key: string; readonly ca?: string }

/** What is needed of Node's servers. */
export type ServiceServer = {
  close(done: () => void): unknown
  closeIdleConnections(): void
  closeAllConnections(): void
}

/** At once. */
export const connectionsMax = 4096

const sendingMsDefault = 20_000
const headersMsMax = 10_000
const timeoutLookMs = 1000

/**
 * For `createServer` of node:http. `sendingMsMax`: a call that is not there as a whole by then is cut off, since its
 * sender holds memory.
 */
export function serverLimits(sendingMsMax = sendingMsDefault) {
  return {
    maxHeaderSize: 4096,
    headersTimeout: Math.min(headersMsMax, sendingMsMax),
    requestTimeout: sendingMsMax,
    connectionsCheckingInterval: Math.min(timeoutLookMs, sendingMsMax),
    /** Longer than clients keep connections that are idle, so that none is closed as a call is sent. */
    keepAliveTimeout: 75_000,
    noDelay: true,
  } as const
}

/** For `createServer` of node:https. Whoever shows no certificate may ask for health; `call-access.ts` refuses the rest. */
export function tlsServerOptions(tls: ServiceTls, sendingMsMax?: number) {
  const asked = tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: false }
  return { ...serverLimits(sendingMsMax), ...tls, ...asked, minVersion: 'TLSv1.2' } as const
}

const drainPollMs = 50
/** A verb that does not heed its signal is left behind. */
const settleMs = 3000

/**
 * Resolves when all calls under way have ended; those that have not after `drainMs` are ended as by their deadlines,
 * and cut off.
 */
export async function closeServing(
  server: ServiceServer,
  underWay: CallsUnderWay,
  drainMs: number,
): Promise<void> {
  const closed = closeServer(server)
  await endedWithin(underWay, drainMs)
  underWay.abortAll()
  await endedWithin(underWay, settleMs)
  server.closeAllConnections()
  await closed
}

function closeServer(server: ServiceServer): Promise<void> {
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
