// A signature in the query: presigned URLs.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
import { percentDecode } from '../request-target.ts'
import { S3Error } from '../s3-error.ts'
import { parseAmzDate } from './amz-date.ts'
import { parseScope } from './parse-scope.ts'
import { parsePayloadDeclaration, unsignedPayload } from './payload-declaration.ts'
import type { RequestHeaders } from './request-headers.ts'
import { parseSignedHeaders } from './signed-headers.ts'
import type { OtherService, PresentedSignature } from './signed-request.ts'

const expiresSecondsMax = 7 * 24 * 3600

/** Decoded values of the query parameters whose names begin with `X-Amz-`. */
export type AuthParameters = ReadonlyMap<string, string>

/** Undefined when the query does not try to authenticate with Signature Version 4. */
export function findAuthParameters(target: string): AuthParameters | undefined {
  const mark = target.indexOf('?')
  if (mark < 0 || mark === target.length - 1) return undefined
  // A name may be percent-encoded, letter by letter: the signature leaves `X%2DAmz-Signature` out as well.
  if (!target.includes('X-Amz-', mark) && !target.includes('%', mark)) return undefined
  const parameters = new Map<string, string>()
  for (const pair of target.slice(mark + 1).split('&')) {
    const equals = pair.indexOf('=')
    const name = percentDecode(equals < 0 ? pair : pair.slice(0, equals))
    if (!name.startsWith('X-Amz-')) continue
    if (parameters.has(name)) throw queryMalformed(`Duplicate query parameter ${name}`)
    parameters.set(name, equals < 0 ? '' : decodeValue(pair.slice(equals + 1)))
  }
  const tries = parameters.has('X-Amz-Algorithm') || parameters.has('X-Amz-Signature')
  return tries ? parameters : undefined
}

export function parsePresignedQuery(
  parameters: AuthParameters,
  headers: RequestHeaders,
  other?: OtherService,
): PresentedSignature {
  const algorithm = required(parameters, 'X-Amz-Algorithm')
  if (algorithm === 'AWS4-ECDSA-P256-SHA256') {
    throw new S3Error('NotImplemented', { Header: 'X-Amz-Algorithm' })
  }
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    throw queryMalformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  }
  const parsed = parseScope(required(parameters, 'X-Amz-Credential'), other?.service)
  if (parsed.is === 'malformed') throw credentialParameter(parsed.problem)
  const amzDate = required(parameters, 'X-Amz-Date')
  const signedMs = parseAmzDate(amzDate)
  if (signedMs === undefined) {
    throw queryMalformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  }
  if (!amzDate.startsWith(parsed.scope.date)) {
    throw credentialParameter(
      `Invalid credential date "${parsed.scope.date}". This date is not the same as X-Amz-Date: "${amzDate.slice(0, 8)}".`,
    )
  }
  const signedHeaders = parseSignedHeaders(required(parameters, 'X-Amz-SignedHeaders'))
  if (signedHeaders === undefined) throw missingParameter()
  const payloadHash =
    other?.bodyHash ??
    headers.get('x-amz-content-sha256') ??
    parameters.get('X-Amz-Content-Sha256') ??
    unsignedPayload
  return {
    by: 'query',
    scope: parsed.scope,
    signedHeaders,
    signature: required(parameters, 'X-Amz-Signature'),
    amzDate,
    signedMs,
    expiresSeconds: parseExpires(required(parameters, 'X-Amz-Expires')),
    payload: parsePayloadDeclaration(payloadHash),
    payloadHash,
    sessionToken: parameters.get('X-Amz-Security-Token') ?? headers.get('x-amz-security-token'),
    headers,
  }
}

function required(parameters: AuthParameters, name: string): string {
  const value = parameters.get(name)
  if (value === undefined || value === '') throw missingParameter()
  return value
}

function parseExpires(raw: string): number {
  if (!/^-?[0-9]+$/.test(raw)) throw queryMalformed('X-Amz-Expires should be a number')
  const seconds = Number(raw)
  if (seconds < 0) throw queryMalformed('X-Amz-Expires must be non-negative')
  if (seconds === 0) throw queryMalformed('X-Amz-Expires must be at least 1 second')
  if (seconds > expiresSecondsMax) {
    throw queryMalformed(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${expiresSecondsMax} seconds`,
    )
  }
  return seconds
}

function decodeValue(raw: string): string {
  return percentDecode(raw.includes('+') ? raw.replaceAll('+', ' ') : raw)
}

function missingParameter(): S3Error {
  return queryMalformed(
    'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
  )
}

/** `region` is what the client should have signed with. */
export function credentialParameter(problem: string, region?: string): S3Error {
  return queryMalformed(`Error parsing the X-Amz-Credential parameter; ${problem}`, region)
}

function queryMalformed(message: string, region?: string): S3Error {
  return new S3Error(
    'AuthorizationQueryParametersError',
    region === undefined ? undefined : { Region: region },
    { message },
  )
}
