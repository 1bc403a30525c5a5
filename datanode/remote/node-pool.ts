// The connections to a data node.
import { Pool } from 'undici'
import type { ClientTls } from '../../protocol/cluster/client-access.ts'

const connectMs = 2000
/** Shorter than nodes keep them. */
const keepIdleMs = 60_000
/**
 * More than any call has: the pieces of a chunk are queued at once then, and go to the kernel in one call, where they
 * would each wait for the one before. With TLS they are sealed one by one in any case.
 */
const queues = {
  writableHighWaterMark: 16 * 1024 * 1024,
  // What waits to be read is joined when it is taken: little is to wait.
  readableHighWaterMark: 64 * 1024,
  // The client's own, which would stand for both.
  highWaterMark: undefined,
}

export function nodePool(options: {
  readonly origin: URL
  readonly tls: ClientTls
  readonly connections: number
}): Pool {
  const { origin, tls, connections } = options
  const queued = origin.protocol === 'http:' ? queues : {}
  const connect = { timeout: connectMs, noDelay: true, ...queued, ...tls }
  return new Pool(origin.origin, {
    connections,
    pipelining: 1,
    connect,
    keepAliveTimeout: keepIdleMs,
    keepAliveMaxTimeout: keepIdleMs,
    // Calls have deadlines of their own.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}
