// `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
import { S3Error } from '../s3-error.ts'
import { formatAmzDate, parseAmzDate, parseDateHeader } from './amz-date.ts'
import { parseScope } from './parse-scope.ts'
import { parsePayloadDeclaration } from './payload-declaration.ts'
import type { RequestHeaders } from './request-headers.ts'
import { parseSignedHeaders } from './signed-headers.ts'
import type { OtherService, PresentedSignature } from './signed-request.ts'

const algorithm = 'AWS4-HMAC-SHA256'

export function parseAuthorizationHeader(
  raw: string,
  headers: RequestHeaders,
  other?: OtherService,
): PresentedSignature {
  if (!raw.startsWith(`${algorithm} `)) throw otherMechanism(raw)
  const components = parseComponents(raw)
  const parsed = parseScope(components.credential, other?.service)
  if (parsed.is === 'malformed') throw headerMalformed(parsed.problem)
  const signedHeaders = parseSignedHeaders(components.signedHeaders)
  if (signedHeaders === undefined) throw threeComponents()
  const date = parseRequestDate(headers)
  if (!date.amzDate.startsWith(parsed.scope.date)) {
    throw headerMalformed(
      `Invalid credential date "${parsed.scope.date}". This date is not the same as X-Amz-Date: "${date.amzDate.slice(0, 8)}".`,
    )
  }
  const payloadHash = other?.bodyHash ?? headers.get('x-amz-content-sha256')
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', undefined, {
      message: 'Missing required header for this request: x-amz-content-sha256',
    })
  }
  return {
    by: 'header',
    scope: parsed.scope,
    signedHeaders,
    signature: components.signature,
    amzDate: date.amzDate,
    signedMs: date.ms,
    expiresSeconds: undefined,
    payload: parsePayloadDeclaration(payloadHash),
    payloadHash,
    sessionToken: headers.get('x-amz-security-token'),
    headers,
  }
}

type Components = {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
}

function parseComponents(raw: string): Components {
  let credential: string | undefined
  let signedHeaders: string | undefined
  let signature: string | undefined
  for (let from = algorithm.length; from < raw.length; ) {
    const comma = raw.indexOf(',', from)
    const to = comma < 0 ? raw.length : comma
    const equals = raw.indexOf('=', from)
    if (equals < 0 || equals >= to) throw threeComponents()
    const value = raw.slice(equals + 1, to).trim()
    switch (raw.slice(from, equals).trim()) {
      case 'Credential':
        credential = value
        break
      case 'SignedHeaders':
        signedHeaders = value
        break
      case 'Signature':
        signature = value
        break
      default:
        throw threeComponents()
    }
    from = to + 1
  }
  if (!credential || !signedHeaders || !signature) throw threeComponents()
  return { credential, signedHeaders, signature }
}

function parseRequestDate(headers: RequestHeaders): { amzDate: string; ms: number } {
  const amzDate = headers.get('x-amz-date')
  const date = amzDate ?? headers.get('date')
  if (date !== undefined) {
    const ms = amzDate === undefined ? parseDateHeader(date) : parseAmzDate(date)
    if (ms !== undefined) return { amzDate: amzDate ?? formatAmzDate(ms), ms }
  }
  throw new S3Error('AccessDenied', undefined, {
    message: 'AWS authentication requires a valid Date or x-amz-date header',
  })
}

function otherMechanism(raw: string): S3Error {
  if (raw.startsWith('AWS4-ECDSA-P256-SHA256')) {
    return new S3Error('NotImplemented', { Header: 'Authorization' })
  }
  if (raw.startsWith('AWS ')) {
    return new S3Error('InvalidRequest', undefined, {
      message:
        'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    })
  }
  if (raw.startsWith(algorithm)) return threeComponents()
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'Authorization', ArgumentValue: raw },
    { message: 'Unsupported Authorization Type' },
  )
}

function threeComponents(): S3Error {
  return headerMalformed(
    'the authorization header requires three components: Credential, SignedHeaders, and Signature.',
  )
}

/** `problem` ends AWS's sentence. `region` is what the client should have signed with. */
export function headerMalformed(problem: string, region?: string): S3Error {
  return new S3Error(
    'AuthorizationHeaderMalformed',
    region === undefined ? undefined : { Region: region },
    { message: `The authorization header is malformed; ${problem}` },
  )
}
