// How a request of S3 is answered: address, operation, who has signed; then `run-operation.ts`: what the
// operation takes, bucket, permission, handler. Nothing before the handler reads the body, so a request that
// its headers condemn is answered before the client has sent it (`Expect: 100-continue`).
import {
  type Address,
  controlAddress,
  hostedBucket,
  parseAddress,
} from '../../protocol/s3/address.ts'
import { matchOperation } from '../../protocol/s3/match-operation.ts'
import type { OperationRow } from '../../protocol/s3/operation-row.ts'
import { operations } from '../../protocol/s3/operations-table.ts'
import type { RequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parsePresignedV2 } from '../../protocol/s3/sigv2/presigned-query.ts'
import { renderControlError, renderError } from '../../protocol/s3/xml/render-error.ts'
import { type SettledAddress, settleAddress } from '../access/addressed-tenant.ts'
import { type Authenticate, plainFraming } from '../access/authenticate.ts'
import { refusalWithRegion } from '../access/bucket-region.ts'
import type { FindCorsRules } from '../access/cors-rules.ts'
import { anonymous } from '../access/identity.ts'
import type { Reply } from '../reply.ts'
import type { Handlers, Services } from '../s3/operation.ts'
import { type Arrived, formCall, runOperation } from '../s3/run-operation.ts'
import { answerAnonymous, isAnonymous } from './anonymous-routes.ts'
import { answerPreflightOfS3 } from './answer-preflight.ts'
import { answerQuery, isQueryRequest, type QueryDeps } from './answer-query.ts'
import { arrive, targetOf } from './arrive.ts'
import type { Begun } from './begun.ts'
import type { Health } from './health.ts'
import type { Answering } from './serve-request.ts'
import { answerPage, originOf } from './share-reply.ts'

export type S3AnsweringDeps = {
  readonly services: Services
  readonly handlers: Handlers
  readonly authenticate: Authenticate
  readonly findCorsRules: FindCorsRules
  readonly health: Health
  /** IAM and STS. */
  readonly query: QueryDeps
  /** Names this process in error documents. */
  readonly hostId: string
  /** Domains whose subdomains are buckets, lower case. */
  readonly domains: readonly string[]
}

export function answeringS3(deps: S3AnsweringDeps): Answering {
  const { hostId } = deps
  return {
    answer: (begun) => answer(deps, begun),
    refuse: (error, { incoming, requestId }) => {
      const resource = pathOf(incoming.url ?? '/')
      const about = { resource, requestId, hostId }
      const isControl = controlAddress(resource, incoming.headers) !== undefined
      return {
        status: error.status,
        headers: { 'Content-Type': 'application/xml', ...error.headers },
        body: isControl ? renderControlError(error, about) : renderError(error, about),
      }
    },
  }
}

async function answer(deps: S3AnsweringDeps, begun: Begun): Promise<Reply> {
  const { services, domains } = deps
  const { incoming, notes } = begun
  const target = targetOf(incoming)
  const method = incoming.method ?? 'GET'
  // What is not S3's lies beside buckets, never within one.
  if (
    isAnonymous(incoming.headers, target) &&
    hostedBucket(incoming.headers.host, domains) === undefined
  ) {
    const { headers, endpoint } = arrive(services, begun, { target, address: {} })
    const reply = answerAnonymous({ method, target, headers, endpoint }, deps.health)
    if (reply !== undefined) {
      // One of a few, as nobody else's path is answered.
      begun.operation = `${method} ${target.rawPath}`
      notes.identity = anonymous
      return reply
    }
  }
  const parsed =
    controlAddress(target.rawPath, incoming.headers) ??
    parseAddress(target.rawPath, incoming.headers.host, domains)
  const settled: SettledAddress = isPlain(parsed)
    ? { address: parsed }
    : await settleAddress(parsed, services.findAddressed)
  const { address } = settled
  requireOneMeaning(settled, target)
  const request = arrive(services, begun, { target, address, owner: settled.owner })
  if (method === 'OPTIONS') return answerPreflightOfS3(deps, begun, settled)
  if (isQueryRequest(incoming, address, target)) {
    return answerQuery(deps.query, begun, { target, request })
  }
  if (originOf(begun) === undefined) return operate(deps, begun, { target, request })
  return answerPage(deps, { begun, ...settled }, (bucketFound) =>
    operate(deps, begun, { target, request: { ...request, bucketFound } }),
  )
}

type Asked = { readonly target: RequestTarget; readonly request: Arrived }

async function operate(
  deps: S3AnsweringDeps,
  begun: Begun,
  { target, request }: Asked,
): Promise<Reply> {
  const { services } = deps
  const { incoming, notes } = begun
  const { address, owner } = request
  const method = incoming.method ?? 'GET'
  const name = matchOperation({ method, address, query: target.query, headers: request.headers })
  begun.operation = name
  if (name === 'PostObject') {
    return deps.handlers.PostObject(formCall({ ...request, body: begun.receive(plainFraming) }))
  }
  const row: OperationRow = operations[name]
  const { identity, payload } = await deps
    .authenticate(incoming, { target, of: row.ours ? 'ours' : 's3', notes })
    .catch((cause) => tellRegion(cause, { address, owner }, services))
  notes.identity = identity
  return runOperation(deps.handlers, name, {
    identity,
    request,
    body: begun.receive(payload),
  })
}

/** Throws the refusal of a request, with what it may learn of the bucket; and what is no refusal. */
async function tellRegion(
  cause: unknown,
  { address, owner }: Pick<Arrived, 'address' | 'owner'>,
  services: Services,
): Promise<never> {
  const named = { name: address.bucket, owner }
  throw cause instanceof S3Error ? await refusalWithRegion(cause, named, services) : cause
}

/** Nothing in it is about tenants: nearly all are like that. */
function isPlain({ tenant, orOfTenant }: Address): boolean {
  return tenant === undefined && orOfTenant === undefined
}

/**
 * Signature Version 2 does not cover the host: one for `/bucket.tenant/key` in a path would open the tenant's bucket in a
 * host. Throws `AccessDenied`.
 */
function requireOneMeaning({ address, owner }: SettledAddress, { query }: RequestTarget): void {
  if (owner === undefined || parsePresignedV2(query) === undefined) return
  throw new S3Error('AccessDenied', undefined, {
    message: `Signature Version 2 does not open buckets of ${address.tenant ?? 'a tenant'} by its name. Please use AWS4-HMAC-SHA256.`,
  })
}

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}
