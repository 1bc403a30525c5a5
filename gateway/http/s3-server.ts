// The HTTP(S) server of the S3 port. For S3, Hono has one catch-all route and gets the raw request as its Node
// bindings: routing by `Request.url` would normalise paths that S3 keys may hold, and Hono's own adapter
// refuses targets and hosts that it can make no `URL` of. What lies below `/-/` it routes by the raw path.
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { headerBytesMax } from '../../protocol/s3/limits.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import { S3Error, type S3ErrorCode } from '../../protocol/s3/s3-error.ts'
import { renderError } from '../../protocol/s3/xml/render-error.ts'
import type { NativeApp, NativeEnv } from './native-app.ts'
import { type RequestDetails, unreadDetails } from './request-details.ts'
import type { RequestIds } from './request-id.ts'
import { type ObserveRequest, type RequestRecord, unreadRecord } from './request-record.ts'
import type { HandleRequest } from './serve-request.ts'
import { UnderWay } from './under-way.ts'

/** PEM texts. */
export type TlsPem = { readonly cert: string; readonly key: string }

export type S3ServerOptions = {
  readonly handle: HandleRequest
  /** For what is no request of S3's. */
  readonly native?: NativeApp
  readonly ids: RequestIds
  /** Told of what is no request that could be read; of all others, `handle` tells. */
  readonly observe?: ObserveRequest
  readonly tls?: TlsPem
}

export type S3Server = {
  listen(port: number, host: string): Promise<AddressInfo>
  /**
   * Takes no more connections, and ends those still busy after `drainMs`. Resolves when all requests
   * have ended, those too whose clients have gone, unless they take much longer.
   */
  close(drainMs: number): Promise<void>
  /** New connections use the new certificate. */
  setTls(tls: TlsPem): void
}

/** A client that has not sent its whole head by then is cut off. */
const headersTimeoutMs = 30_000
/** How long an idle connection is kept: longer than the usual 60 s of load balancers. */
const keepAliveMs = 75_000
const drainPollMs = 50
/** How long a request may go on when its connection is gone. */
const settleMs = 3_000

export function createS3Server(options: S3ServerOptions): S3Server {
  const limits = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    // Bodies take as long as they take; `body-pace.ts` cuts off those that stand still.
    requestTimeout: 0,
    noDelay: true,
    // `handle` does, and answers as S3.
    requireHostHeader: false,
  }
  const server = options.tls
    ? createHttpsServer({ ...limits, ...options.tls })
    : createHttpServer(limits)
  const underWay = new UnderWay()
  // Node drops what comes behind the thousandth header, conditions too; `maxHeaderSize` bounds them all.
  server.maxHeadersCount = 0
  attach(server, options, underWay)
  return {
    listen: (port, host) => listen(server, port, host),
    close: async (drainMs) => {
      await close(server, drainMs)
      await underWay.ended(settleMs)
    },
    setTls: (tls) => {
      if ('setSecureContext' in server) server.setSecureContext({ ...tls })
    },
  }
}

/** Hono would answer HEAD by running GET, and rewrite paths: of S3 it is shown one request for all. */
const anyRequest = new Request('http://s3/')
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']
const nativeRequests = new Map(
  methods.map((method) => [method, new Request('http://native/', { method })]),
)
/** None of our routes has it. */
const otherRequest = new Request('http://native/', { method: 'OPTIONS' })

/** Requests that came before the answers to earlier ones, by connection. */
type Pipelined = WeakMap<Socket, number>

/**
 * Node would run all requests of a pipeline at once, however many. Here they run one after the other, and
 * no more are read while some wait.
 */
function runInTurn(
  waiting: Pipelined,
  { socket, outgoing, run }: { socket: Socket; outgoing: ServerResponse; run: () => void },
): void {
  waiting.set(socket, (waiting.get(socket) ?? 0) + 1)
  socket.pause()
  outgoing.once('socket', () => {
    const left = (waiting.get(socket) ?? 1) - 1
    waiting.set(socket, left)
    // The body of the last one may still be on its way.
    if (left === 0) socket.resume()
    run()
  })
}

function attach(
  server: Server | HttpsServer,
  { handle, native, ids, observe }: S3ServerOptions,
  underWay: UnderWay,
): void {
  const waiting: Pipelined = new WeakMap()
  const app = new Hono<NativeEnv>({
    getPath: (_request, options) => options?.env?.nativePath ?? '/',
  })
  if (native !== undefined) app.route('/', native.app)
  app.get('/', async ({ env: { incoming, outgoing, expectsContinue } }) => {
    await handle(incoming, outgoing, { expectsContinue })
    return RESPONSE_ALREADY_SENT
  })
  // What could not even be answered has been logged by then.
  app.onError((_error, c) => {
    c.env.outgoing.destroy()
    return RESPONSE_ALREADY_SENT
  })
  const listenerFor = (expectsContinue: boolean) => {
    return (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const run = () => {
        const nativePath = native?.pathOf(incoming)
        const shown = nativePath === undefined ? anyRequest : nativeRequest(incoming)
        const env = { incoming, outgoing, expectsContinue, nativePath }
        void underWay.run(async () => void (await app.fetch(shown, env)))
      }
      // Node gives a response the socket when it is its turn.
      if (outgoing.socket === null) {
        runInTurn(waiting, { socket: incoming.socket, outgoing, run })
      } else run()
    }
  }
  // Who has hung up has no address any more; one that was asked for at once is known for good. Permissions may hang on it.
  server.on('connection', (socket) => {
    if (socket.remoteAddress === undefined) socket.destroy()
  })
  server.on('request', listenerFor(false))
  server.on('checkContinue', listenerFor(true))
  // Other expectations may be ignored (RFC 9110 section 10.1.1); Node would answer without a document.
  server.on('checkExpectation', listenerFor(false))
  const refusing: Refusing = { ids, observe, putOff: new WeakSet() }
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    refuse(error, socket, refusing),
  )
  // Without a listener Node would end the connection, and nobody would hear of it.
  server.on('connect', (incoming) => refuseTunnel(incoming, refusing))
}

function nativeRequest({ method = '' }: IncomingMessage): Request {
  return nativeRequests.get(method) ?? otherRequest
}

type Refusing = Pick<S3ServerOptions, 'ids'> & {
  readonly observe: ObserveRequest | undefined
  /** Connections whose refusal comes behind the answers to earlier requests. */
  readonly putOff: WeakSet<Socket>
}

/** For what Node's parser refuses: there is no response object, only the socket. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, refusing: Refusing): void {
  // A parser that has given up says so again of all that comes.
  if (refusing.putOff.has(socket) && error.code !== 'ECONNRESET') return
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const failure = new S3Error(refusalCode(error.code))
  const earlier = answerUnderWay(socket)
  if (earlier === undefined) {
    const told = answerRefused(failure, socket, refusing)
    // Of connections on which nothing was ever sent there is nothing to tell.
    if (socket.bytesRead > 0) refusing.observe?.(told)
    return
  }
  // What goes wrong in the body of a request is told with that request.
  const isPartOfEarlier = !earlier.req.complete
  if (earlier.headersSent) {
    // In mid-reply: what is written now would become a part of that.
    socket.destroy()
    if (!isPartOfEarlier) refusing.observe?.(unanswered(failure, socket, refusing))
  } else if (isPartOfEarlier) {
    answerRefused(failure, socket, refusing)
  } else {
    refusing.putOff.add(socket)
    afterAnswers(socket, () => {
      const answer = socket.writable ? answerRefused : unanswered
      refusing.observe?.(answer(failure, socket, refusing))
    })
  }
}

/** When those that are under way are written, or never will be. */
function afterAnswers(socket: Socket, run: () => void): void {
  const earlier = answerUnderWay(socket)
  if (earlier === undefined || socket.destroyed) run()
  else earlier.once('close', () => afterAnswers(socket, run))
}

/** CONNECT, which Node gives no response object either, and whose socket it has let go of. */
function refuseTunnel(incoming: IncomingMessage, refusing: Refusing): void {
  const { socket, headers, httpVersion } = incoming
  socket.on('error', () => {})
  const failure = new S3Error('MethodNotAllowed')
  const isFirst = answerUnderWay(socket) === undefined && socket.writable
  const told = (isFirst ? answerRefused : unanswered)(failure, socket, refusing)
  // Nobody reads what comes on it from now on.
  if (isFirst) socket.destroySoon()
  else socket.destroy()
  const userAgent = headerText(headers, 'user-agent')
  const details = (): RequestDetails => ({ ...told.details(), userAgent, httpVersion })
  refusing.observe?.({ ...told, method: 'CONNECT', details })
}

/** Writes the answer, behind which nothing comes, and what there is to say of it. */
function answerRefused(failure: S3Error, socket: Socket, { ids }: Refusing): RequestRecord {
  const requestId = ids.next()
  const body = renderError(failure, { resource: '', requestId, hostId: ids.hostId })
  const bytesOut = Buffer.byteLength(body)
  const reason = STATUS_CODES[failure.status] ?? 'Refused'
  socket.end(
    `HTTP/1.1 ${failure.status} ${reason}\r\nContent-Type: application/xml\r\n` +
      `x-amz-request-id: ${requestId}\r\nConnection: close\r\n` +
      `Content-Length: ${bytesOut}\r\n\r\n${body}`,
  )
  return unreadRecord({ requestId, error: failure, socket, bytesOut })
}

/** Of what nobody was told on the connection. */
function unanswered(error: S3Error, socket: Socket, { ids }: Refusing): RequestRecord {
  return {
    ...unreadRecord({ requestId: ids.next(), error, socket, bytesOut: 0 }),
    status: undefined,
    details: () => ({ ...unreadDetails(socket), isCutOff: true }),
  }
}

function answerUnderWay(socket: Socket): ServerResponse | undefined {
  // Node keeps it here, and looks at it as well before an answer of its own.
  const outgoing: unknown = Reflect.get(socket, '_httpMessage')
  return outgoing instanceof ServerResponse ? outgoing : undefined
}

function refusalCode(code: string | undefined): S3ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'RequestHeaderSectionTooLarge'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'RequestTimeout' : 'BadRequest'
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

function close(server: Server | HttpsServer, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A connection turns idle when its request ends: those are looked for until all are gone.
    const poll = setInterval(() => server.closeIdleConnections(), drainPollMs)
    const cut = setTimeout(() => server.closeAllConnections(), drainMs)
    server.close(() => {
      clearInterval(poll)
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
