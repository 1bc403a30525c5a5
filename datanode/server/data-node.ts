// A data node: serves an opened node, whichever engine that is, over HTTP to the parts of its cluster. Whoever has opened
// the node closes it, and gives it what it needs besides: upkeep, reclaim, scrub.
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { callGuard } from '../../protocol/cluster/call-access.ts'
import { type CallBounds, CallsUnderWay } from '../../protocol/cluster/calls-under-way.ts'
import type { ClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import { type CheckHealth, rememberedHealth } from '../../protocol/cluster/remembered-health.ts'
import {
  closeServing,
  connectionsMax,
  type ServiceTls,
  serverLimits,
  tlsServerOptions,
} from '../../protocol/cluster/service-server.ts'
import { type AnsweringParts, answerCall } from './answer-call.ts'
import { answerHealth } from './answer-health.ts'
import { CallMemory } from './call-memory.ts'

export type DataNodeOptions = Pick<AnsweringParts, 'node' | 'nextRequestId' | 'onFailure'> & {
  /** Without one, `tls.ca` is needed. */
  readonly secret?: ClusterSecret
  readonly tls?: ServiceTls
  readonly check: CheckHealth
  readonly bounds?: Partial<CallBounds>
}

export type DataNode = {
  listen(port: number, host: string): Promise<AddressInfo>
  /** New connections use the new certificate. */
  setTls(tls: ServiceTls): void
  /**
   * Takes no more calls. Resolves when all under way have ended; those that have not after `drainMs` are ended
   * as by their deadlines, and cut off.
   */
  close(drainMs: number): Promise<void>
}

/** Chunks that are being written or read: 60 large ones at once. */
const defaultBounds: CallBounds = { callsMax: 1024, bytesMax: 256 * 1024 * 1024 }

const calls = /^\/v\d/

export function createDataNode(options: DataNodeOptions): DataNode {
  const underWay = new CallsUnderWay({ ...defaultBounds, ...options.bounds })
  let isStopping = false
  const { tls } = options
  const server =
    tls === undefined ? createHttpServer(serverLimits()) : createHttpsServer(tlsServerOptions(tls))
  server.maxConnections = connectionsMax
  const parts: AnsweringParts = {
    node: options.node,
    memory: new CallMemory(),
    isAllowed: callGuard({
      callee: 'data node',
      certificates: tls?.ca === undefined ? 'notAsked' : 'wanted',
      ...(options.secret === undefined ? {} : { secret: options.secret }),
    }),
    calls: underWay,
    isStopping: () => isStopping,
    nextRequestId: options.nextRequestId,
    onFailure: options.onFailure,
  }
  const isWell = rememberedHealth(options.check)
  const isReady = async () => !isStopping && (await isWell())
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.sendDate = false
    if (calls.test(incoming.url ?? '')) answerCall(parts, incoming, outgoing)
    else void answerHealth(incoming, outgoing, isReady)
  })
  return {
    listen: (port, host) => listen(server, port, host),
    setTls: (renewed) => {
      if ('setSecureContext' in server) server.setSecureContext({ ...renewed })
    },
    close: async (drainMs) => {
      isStopping = true
      await closeServing(server, underWay, drainMs)
    },
  }
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
