// How requests of IAM and STS are answered, which come to the S3 port as forms posted to `/`, or as queries of it: who has
// signed them, and for which service; then the action. The body is read first, for the signature covers it.
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { QueryError, type QueryErrorCode, queryErrors } from '../../protocol/query/query-error.ts'
import { parseQueryParameters, queryBytesMax } from '../../protocol/query/query-parameters.ts'
import {
  type QueryServiceName,
  renderQueryAnswer,
  renderQueryError,
} from '../../protocol/query/render-query-reply.ts'
import type { Address } from '../../protocol/s3/address.ts'
import type { RequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { type Authenticate, plainFraming } from '../access/authenticate.ts'
import type { Authorize } from '../access/authorize.ts'
import type { Identity } from '../access/identity.ts'
import { asS3Error } from '../data/storage-failure.ts'
import type { QueryActions, QueryServices } from '../query/query-action.ts'
import type { Reply } from '../reply.ts'
import type { Arrived } from '../s3/run-operation.ts'
import type { Begun } from './begun.ts'

export type QueryDeps = {
  readonly services: QueryServices
  readonly authorize: Authorize
  readonly authenticate: Authenticate
  readonly actions: Readonly<Record<QueryServiceName, QueryActions>>
}

const versions: Readonly<Record<string, QueryServiceName>> = {
  '2010-05-08': 'iam',
  '2011-06-15': 'sts',
}

/**
 * A form, or parameters in the URL: so URLs are presigned for STS, and so clients of MinIO's STS send what they ask. S3 has
 * nothing of the kind.
 */
export function isQueryRequest(
  { method = 'GET', headers }: IncomingMessage,
  address: Address,
  { query }: RequestTarget,
): boolean {
  if (address.bucket !== undefined) return false
  const isAsked = query.has('Action')
  if (method === 'GET') return isAsked && query.has('Version')
  return method === 'POST' && (isForm(headers) || isAsked)
}

function isForm(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']?.toLowerCase()
  return type?.startsWith('application/x-www-form-urlencoded') === true
}

export async function answerQuery(
  deps: QueryDeps,
  begun: Begun,
  { target, request }: { readonly target: RequestTarget; readonly request: Arrived },
): Promise<Reply> {
  const { requestId, notes } = begun
  begun.operation = `${begun.incoming.method} /`
  let service: QueryServiceName = 'iam'
  try {
    const body = await begun.receive(plainFraming).bytes(queryBytesMax)
    const form = isForm(begun.incoming.headers) ? body.toString('utf8') : ''
    const parameters = parseQueryParameters(`${target.rawQuery}&${form}`)
    const [action, version] = [parameters.raw('Action'), parameters.raw('Version')]
    if (action === undefined) throw new QueryError('MissingAction', 'Missing Action')
    const asked = version === undefined ? undefined : versions[version]
    service = asked ?? service
    const { signed, open } = deps.actions[service]
    const isKnown =
      asked !== undefined && (Object.hasOwn(signed, action) || Object.hasOwn(open, action))
    if (!isKnown) throw unknownAction(action, version)
    begun.operation = `${service}:${action}`
    const { identity } = await deps.authenticate(begun.incoming, {
      ...{ target, notes },
      of: { service, bodyHash: createHash('sha256').update(body).digest('hex') },
    })
    notes.identity = identity
    if (service === 'iam') requireMoreThanSession(identity)
    const { context } = request
    const decider = deps.authorize({ identity, context, decisions: notes.decisions })
    const { services } = deps
    const call = { services, parameters, context, requestId, decider, notes }
    const result = await run()
    const document = renderQueryAnswer({ service, action, result, requestId })
    return { status: 200, headers: { 'Content-Type': 'text/xml' }, body: document }

    function run(): Promise<string | undefined> {
      const openAction = Object.hasOwn(open, action ?? '') ? open[action ?? ''] : undefined
      if (openAction !== undefined) return openAction({ ...call, identity })
      const signedAction = signed[action ?? '']
      if (identity.is === 'anonymous' || signedAction === undefined) {
        throw new QueryError(
          'MissingAuthenticationToken',
          'Request is missing Authentication Token',
        )
      }
      return signedAction({ ...call, identity })
    }
  } catch (cause) {
    const error = asQueryError(cause)
    if (error === undefined) throw cause
    notes.queryError = error.code
    const document = renderQueryError(error, { service, requestId })
    return { status: error.status, headers: { 'Content-Type': 'text/xml' }, body: document }
  }
}

function unknownAction(action: string, version: string | undefined): QueryError {
  return new QueryError(
    'InvalidAction',
    `Could not find operation ${short(action)} for version ${short(version ?? 'NO_VERSION_SPECIFIED')}`,
  )
}

/** Whoever has not signed is not sent back half a megabyte. */
function short(text: string): string {
  return text.slice(0, 128)
}

/**
 * Sessions of GetSessionToken and GetFederationToken do not open IAM.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
 */
function requireMoreThanSession(identity: Identity): void {
  const of = identity.is === 'user' ? identity.session?.of : undefined
  if (of === undefined || of === 'role') return
  throw new QueryError('InvalidClientTokenId', invalidToken)
}

const invalidToken = 'The security token included in the request is invalid.'

/** What S3 answers under other names. */
const asQueryCodes: Readonly<Record<string, QueryErrorCode>> = {
  AccountProblem: 'AccessDenied',
  AuthorizationHeaderMalformed: 'IncompleteSignature',
  InvalidAccessKeyId: 'InvalidClientTokenId',
  InvalidToken: 'InvalidClientTokenId',
  RequestTimeTooSkewed: 'SignatureDoesNotMatch',
  MaxMessageLengthExceeded: 'ValidationError',
  ExpiredToken: 'ExpiredToken',
}

/** Undefined: what went wrong is ours, and is told as such. */
function asQueryError(cause: unknown): QueryError | undefined {
  if (cause instanceof QueryError) return cause
  if (cause instanceof StoreUnavailable) {
    return new QueryError('ServiceUnavailable', 'The service is unavailable. Try again.')
  }
  const { code, message, status } = cause instanceof S3Error ? cause : asS3Error(cause)
  if (status >= 500 && code !== 'SlowDown') return undefined
  const known = asQueryCodes[code] ?? (Object.hasOwn(queryErrors, code) ? code : 'ValidationError')
  const told = known === 'InvalidClientTokenId' ? invalidToken : message
  return new QueryError(known as QueryErrorCode, told)
}
