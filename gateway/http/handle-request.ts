// One request from its head to its reply: address, operation, signature, permission, operation,
// reply. Nothing before the operation reads the body, so a request that its headers condemn is
// answered before the client has sent it (`Expect: 100-continue`).
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Address, parseAddress } from '../../protocol/s3/address.ts'
import { matchOperation } from '../../protocol/s3/match-operation.ts'
import {
  type OperationName,
  type OperationRow,
  operations,
} from '../../protocol/s3/operations-table.ts'
import { parseRequestTarget, type RequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { renderError } from '../../protocol/s3/xml/render-error.ts'
import type { PaceLimit } from '../objects/body-pace.ts'
import type { Call, Operation, Reply, Services } from '../operation.ts'
import { ownerId } from '../owner-id.ts'
import type { Authenticate } from './authenticate.ts'
import { HttpRequestBody } from './request-body.ts'
import type { RequestIds } from './request-id.ts'
import { sendReply } from './send-reply.ts'

export type RequestHandlerParts = {
  readonly services: Services
  readonly handlers: Readonly<Record<OperationName, Operation>>
  readonly authenticate: Authenticate
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
type Progress = { operation: string; body: HttpRequestBody | undefined }

export function makeRequestHandler(parts: RequestHandlerParts): HandleRequest {
  return async (incoming, outgoing, { expectsContinue }) => {
    const requestId = parts.ids.next()
    outgoing.setHeader('x-amz-request-id', requestId)
    outgoing.setHeader('x-amz-id-2', parts.ids.hostId)
    outgoing.setHeader('Server', 'Holdfast')
    const progress: Progress = { operation: 'unknown', body: undefined }
    const fail = (cause: unknown) =>
      parts.onFailure({ requestId, operation: progress.operation, cause })
    const exchange = () => ({
      incoming,
      outgoing,
      withheldContinue: expectsContinue && progress.body?.begun !== true,
    })
    try {
      const reply = await answer(parts, {
        incoming,
        outgoing,
        expectsContinue,
        requestId,
        progress,
      })
      await sendReply(exchange(), reply)
    } catch (cause) {
      if (outgoing.headersSent || outgoing.destroyed) {
        fail(cause)
        outgoing.destroy()
        return
      }
      const error = cause instanceof S3Error ? cause : new S3Error('InternalError', {}, { cause })
      if (error.status >= 500 && error.code !== 'NotImplemented') fail(cause)
      const resource = pathOf(incoming.url ?? '/')
      await sendReply(
        exchange(),
        errorReply(error, { resource, requestId, hostId: parts.ids.hostId }),
      )
    }
  }
}

type Arrived = {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly expectsContinue: boolean
  readonly requestId: string
  readonly progress: Progress
}

async function answer(parts: RequestHandlerParts, arrived: Arrived): Promise<Reply> {
  const { incoming, outgoing, progress } = arrived
  const target = parseRequestTarget(incoming.url ?? '/')
  const address = parseAddress(target.rawPath, incoming.headers.host, parts.domains)
  const method = incoming.method ?? 'GET'
  const name = matchOperation({ method, address, query: target.query, headers: incoming.headers })
  progress.operation = name
  const caller = await parts.authenticate({ incoming, target, operation: name })
  const body = new HttpRequestBody(incoming, outgoing, {
    ...caller.payload,
    pace: parts.pace,
    expectsContinue: arrived.expectsContinue,
  })
  progress.body = body
  const call = makeCall(parts, { arrived, target, address, caller, body })
  if (name !== 'PostObject') await permit(call, operations[name])
  return parts.handlers[name](call)
}

function makeCall(
  parts: RequestHandlerParts,
  request: {
    arrived: Arrived
    target: RequestTarget
    address: Address
    caller: Pick<Call, 'identity' | 'keys'>
    body: HttpRequestBody
  },
): Call {
  const { incoming, requestId } = request.arrived
  const scheme = 'encrypted' in incoming.socket ? 'https' : 'http'
  return {
    services: parts.services,
    identity: request.caller.identity,
    keys: request.caller.keys,
    bucketName: request.address.bucket ?? '',
    key: request.address.key ?? '',
    query: request.target.query,
    headers: incoming.headers,
    body: request.body,
    requestId,
    endpoint: `${scheme}://${incoming.headers.host ?? ''}`,
    rawPath: request.target.rawPath,
  }
}

async function permit(call: Call, row: OperationRow): Promise<void> {
  const action =
    row.versionAction !== undefined && call.query.has('versionId') ? row.versionAction : row.action
  const resource = { bucket: call.bucketName, key: call.key }
  if (!(await call.services.authorize({ identity: call.identity, action, resource }))) {
    throw new S3Error('AccessDenied')
  }
  const expectedOwner = call.headers['x-amz-expected-bucket-owner']
  const owner = call.identity.tenantId
  if (expectedOwner !== undefined && expectedOwner !== owner && expectedOwner !== ownerId(owner)) {
    throw new S3Error('AccessDenied')
  }
}

function errorReply(
  error: S3Error,
  request: { resource: string; requestId: string; hostId: string },
): Reply {
  if (error.status === 304) return { status: 304, headers: error.headers }
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
