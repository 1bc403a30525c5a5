// Checks a presented signature: scope, time, covered headers, and the signature itself.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import { formatIsoSeconds } from './amz-date.ts'
import { canonicalRequest, stringToSign } from './canonical-request.ts'
import { headerMalformed } from './parse-authorization-header.ts'
import { credentialParameter } from './parse-presigned-query.ts'
import { requireSignedHeaders } from './signed-headers.ts'
import type { PresentedSignature, RawRequest, VerifiedRequest } from './signed-request.ts'
import type { SigningKeyCache } from './signing-keys.ts'

/** Milliseconds a client's clock may be off, either way. */
export const clockSkewMsMax = 15 * 60 * 1000

export type VerifyOptions = {
  readonly secretAccessKey: string
  readonly signingKeys: SigningKeyCache
  /** The only region that this server answers for. Undefined: it takes them all. */
  readonly region: string | undefined
  readonly nowMs: number
}

/**
 * `presented` must come from `parseCredentials(request)`. Throws `AuthorizationHeaderMalformed` or
 * `AuthorizationQueryParametersError` (region), `RequestTimeTooSkewed`, `AccessDenied` (expired, not yet
 * valid, headers not signed), `SignatureDoesNotMatch`.
 */
export function verifySignature(
  request: RawRequest,
  presented: PresentedSignature,
  options: VerifyOptions,
): VerifiedRequest {
  requireRegion(presented, options.region)
  requireTime(presented, options.nowMs)
  requireSignedHeaders(presented)
  const { scope, amzDate } = presented
  const signingKey = options.signingKeys.keyFor(scope, options.secretAccessKey)
  requireMatch(request, presented, signingKey)
  return {
    accessKeyId: scope.accessKeyId,
    payload: presented.payload,
    chunkSigning: {
      signingKey,
      seedSignature: presented.signature,
      amzDate,
      credentialScope: scope.credentialScope,
    },
  }
}

type Signed = {
  readonly canonical: string
  readonly toSign: string
  readonly matches: boolean
}

function requireMatch(
  request: RawRequest,
  presented: PresentedSignature,
  signingKey: KeyObject,
): void {
  const signed = compute(request, presented, signingKey, 'collapsed')
  if (signed.matches) return
  // Some clients, s3cmd among them, sign runs of blanks as they send them. The header means the same.
  if (compute(request, presented, signingKey, 'kept').matches) return
  throw mismatch(presented, signed)
}

function compute(
  request: RawRequest,
  presented: PresentedSignature,
  signingKey: KeyObject,
  blanks: 'collapsed' | 'kept',
): Signed {
  const canonical = canonicalRequest({
    method: request.method,
    target: request.target,
    headers: presented.headers,
    signedHeaders: presented.signedHeaders,
    payloadHash: presented.payloadHash,
    blanks,
  })
  const toSign = stringToSign(canonical, presented.amzDate, presented.scope.credentialScope)
  const expected = createHmac('sha256', signingKey).update(toSign).digest('hex')
  return { canonical, toSign, matches: isSameSignature(expected, presented.signature) }
}

/**
 * Compares in constant time. Both are text: Node's hex decoder would stop silently at what it does not
 * know.
 */
export function isSameSignature(expectedHex: string, presented: string): boolean {
  const given = Buffer.from(presented, 'latin1')
  const wanted = Buffer.from(expectedHex, 'latin1')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function requireRegion(presented: PresentedSignature, region: string | undefined): void {
  if (region === undefined || presented.scope.region === region) return
  const problem = `the region '${presented.scope.region}' is wrong; expecting '${region}'`
  throw presented.by === 'header'
    ? headerMalformed(problem, region)
    : credentialParameter(problem, region)
}

function requireTime(presented: PresentedSignature, nowMs: number): void {
  const { signedMs, expiresSeconds } = presented
  if (expiresSeconds === undefined) {
    if (Math.abs(nowMs - signedMs) <= clockSkewMsMax) return
    throw new S3Error('RequestTimeTooSkewed', {
      RequestTime: presented.amzDate,
      ServerTime: formatIsoSeconds(nowMs),
      MaxAllowedSkewMilliseconds: String(clockSkewMsMax),
    })
  }
  const expiresMs = signedMs + expiresSeconds * 1000
  if (nowMs <= expiresMs && signedMs - nowMs <= clockSkewMsMax) return
  throw new S3Error(
    'AccessDenied',
    {
      'X-Amz-Expires': String(expiresSeconds),
      Expires: formatIsoSeconds(expiresMs),
      ServerTime: formatIsoSeconds(nowMs),
    },
    { message: nowMs > expiresMs ? 'Request has expired' : 'Request is not valid yet' },
  )
}

function mismatch(presented: PresentedSignature, signed: Signed): S3Error {
  return new S3Error('SignatureDoesNotMatch', {
    AWSAccessKeyId: presented.scope.accessKeyId,
    StringToSign: signed.toSign,
    SignatureProvided: presented.signature,
    StringToSignBytes: hexBytes(signed.toSign),
    CanonicalRequest: signed.canonical,
    CanonicalRequestBytes: hexBytes(signed.canonical),
  })
}

/** `41 57 53 …`, as AWS shows bytes. */
function hexBytes(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString('hex')
    .replaceAll(/..(?!$)/g, '$& ')
}
