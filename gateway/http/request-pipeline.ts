// One request from its head to its reply: address, operation, who has signed; then
// `run-operation.ts`: what the operation takes, bucket, permission, handler. Nothing before the handler reads the body, so a request that
// its headers condemn is answered before the client has sent it (`Expect: 100-continue`).
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Address, hostedBucket, parseAddress } from '../../protocol/s3/address.ts'
import type { Checksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { matchOperation } from '../../protocol/s3/match-operation.ts'
import { type OperationRow, operations } from '../../protocol/s3/operations-table.ts'
import { parseRequestTarget, type RequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error, type S3ErrorCode } from '../../protocol/s3/s3-error.ts'
import { renderError } from '../../protocol/s3/xml/render-error.ts'
import type { Authenticate, Caller } from '../access/authenticate.ts'
import type { RequestContext } from '../access/authorize.ts'
import { refusalWithRegion } from '../access/bucket-region.ts'
import { withPresignedHeaders } from '../access/presigned-headers.ts'
import { asS3Error } from '../data/storage-full.ts'
import { answerNative } from '../native-api/answer-native.ts'
import { isNativePath, jsonErrorReply, type NativeRoutes } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { Handlers, Services } from '../s3/operation.ts'
import { type Arrived, formCall, runOperation } from '../s3/run-operation.ts'
import { answerAnonymous, isAnonymous } from './anonymous-routes.ts'
import type { PaceLimit } from './body-pace.ts'
import { foldedHeaders } from './folded-headers.ts'
import type { Health } from './health.ts'
import { ReplyBatch } from './reply-batch.ts'
import { HttpRequestBody } from './request-body.ts'
import type { RequestIds } from './request-id.ts'
import { sendReply } from './send-reply.ts'

export type RequestHandlerDeps = {
  readonly services: Services
  readonly handlers: Handlers
  /** Requests below `/-/`. */
  readonly nativeRoutes: NativeRoutes
  readonly authenticate: Authenticate
  readonly health: Health
  readonly checksums: Checksums
  readonly ids: RequestIds
  /** Domains whose subdomains are buckets, lower case. */
  readonly domains: readonly string[]
  readonly pace: PaceLimit
  /** Told of every failure that is ours (5xx, or a reply broken off). */
  readonly onFailure: (failure: { requestId: string; operation: string; cause: unknown }) => void
}

export type HandleRequest = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: { readonly expectsContinue: boolean },
) => Promise<void>

/** What is known of a request so far, for the error document and the log. */
type Progress = { operation: string; body: HttpRequestBody | undefined; isNative: boolean }

export function makeRequestHandler(deps: RequestHandlerDeps): HandleRequest {
  const batch = new ReplyBatch()
  return async (incoming, outgoing, { expectsContinue }) => {
    const requestId = deps.ids.next()
    const { hostId } = deps.ids
    const progress: Progress = { operation: 'unknown', body: undefined, isNative: false }
    const fail = (cause: unknown) =>
      deps.onFailure({ requestId, operation: progress.operation, cause })
    const exchange = () => ({
      incoming,
      outgoing,
      standing: ['x-amz-request-id', requestId, 'x-amz-id-2', hostId, 'Server', 'Holdfast'],
      withheldContinue: expectsContinue && progress.body?.begun !== true,
      batch,
      pace: deps.pace,
    })
    try {
      const reply = await answer(deps, {
        incoming,
        outgoing,
        expectsContinue,
        requestId,
        progress,
      })
      await sendReply(exchange(), reply)
    } catch (cause) {
      if (outgoing.headersSent || outgoing.destroyed) {
        // A client that hangs up in mid-request is no failure of ours.
        if (!(cause instanceof S3Error && cause.status < 500)) fail(cause)
        outgoing.destroy()
        return
      }
      const error = asS3Error(cause)
      if (error.status >= 500 && !expected.has(error.code)) fail(cause)
      const resource = pathOf(incoming.url ?? '/')
      await sendReply(
        exchange(),
        progress.isNative
          ? jsonErrorReply(error, requestId)
          : errorReply(error, { resource, requestId, hostId }),
      )
    }
  }
}

/** What is no failure of ours, though its status is one of a server's. */
const expected: ReadonlySet<S3ErrorCode> = new Set([
  'NotImplemented',
  'BundleNotReady',
  'InsufficientStorage',
])

/** A request under way. */
type Begun = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly expectsContinue: boolean
  readonly requestId: string
  readonly progress: Progress
}

async function answer(deps: RequestHandlerDeps, begun: Begun): Promise<Reply> {
  const { incoming, progress } = begun
  requireHost(incoming)
  const target = parseRequestTarget(incoming.url ?? '/')
  const method = incoming.method ?? 'GET'
  const receive = (payload: Caller['payload']) => receiveBody(deps, begun, payload)
  const anonymous = isAnonymous(incoming.headers, target)
  // What is not S3's lies beside buckets, never within one.
  if (
    (anonymous || isNativePath(target.rawPath)) &&
    hostedBucket(incoming.headers.host, deps.domains) === undefined
  ) {
    const call = { ...makeRequest(deps, begun, { target, address: {} }), method }
    if (isNativePath(target.rawPath)) {
      progress.isNative = true
      progress.operation = target.rawPath.split('/', 3).join('/')
      const authenticate = () => deps.authenticate(incoming, { target, of: 'ours' })
      return answerNative(deps.nativeRoutes, { target, call, authenticate, receive })
    }
    const reply = answerAnonymous({ ...call, target }, deps.health)
    if (reply !== undefined) return reply
  }
  const address = parseAddress(target.rawPath, incoming.headers.host, deps.domains)
  const request = makeRequest(deps, begun, { target, address })
  const name = matchOperation({ method, address, query: target.query, headers: request.headers })
  progress.operation = name
  if (name === 'PostObject') {
    const plain = { chunked: undefined, expectedSha256: undefined }
    return deps.handlers.PostObject(formCall({ ...request, body: receive(plain) }))
  }
  const row: OperationRow = operations[name]
  const { identity, payload } = await deps
    .authenticate(incoming, { target, of: row.ours ? 'ours' : 's3' })
    .catch((cause) => tellRegion(cause, address, request.services))
  return runOperation(deps.handlers, name, {
    identity,
    request: { ...request, body: receive(payload) },
  })
}

/** Throws the refusal of a request, with what it may learn of the bucket; and what is no refusal. */
async function tellRegion(cause: unknown, address: Address, services: Services): Promise<never> {
  throw cause instanceof S3Error ? await refusalWithRegion(cause, address.bucket, services) : cause
}

function receiveBody(
  { checksums, pace }: RequestHandlerDeps,
  { incoming, outgoing, expectsContinue, progress }: Begun,
  { chunked, expectedSha256 }: Caller['payload'],
): HttpRequestBody {
  const options = { chunked, expectedSha256, checksums, pace, expectsContinue }
  progress.body = new HttpRequestBody(incoming, outgoing, options)
  return progress.body
}

/** RFC 9112 section 3.2. A host is a name or an address, and may have a port. */
function requireHost({ headers, httpVersion }: IncomingMessage): void {
  const { host } = headers
  if (host === undefined ? httpVersion === '1.0' : hostSyntax.test(host)) return
  throw new S3Error('BadRequest', {}, { message: 'The Host header is missing or malformed.' })
}

const hostSyntax = /^(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?$/

function makeRequest(
  { services }: RequestHandlerDeps,
  { incoming, requestId }: Begun,
  { target, address }: { readonly target: RequestTarget; readonly address: Address },
): Omit<Arrived, 'body'> {
  const { query, rawPath } = target
  const isEncrypted = 'encrypted' in incoming.socket
  const headers = withPresignedHeaders(foldedHeaders(incoming), query)
  const sourceIp = () => incoming.socket.remoteAddress
  const context: RequestContext = { headers, query, isEncrypted, sourceIp, now: services.now }
  return {
    services,
    address,
    context,
    query,
    headers,
    requestId,
    endpoint: `${isEncrypted ? 'https' : 'http'}://${incoming.headers.host ?? ''}`,
    rawPath,
  }
}

function errorReply(
  error: S3Error,
  request: { resource: string; requestId: string; hostId: string },
): Reply {
  return {
    status: error.status,
    headers: { 'Content-Type': 'application/xml', ...error.headers },
    body: renderError(error, request),
  }
}

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}
