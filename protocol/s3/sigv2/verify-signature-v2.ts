// Checks signatures of Version 2: those of presigned URLs, and those of POST forms, which cover the policy
// document in the Base64 it came in.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
import { createHmac } from 'node:crypto'
import { isHeaderName, isHeaderValue } from '../header-text.ts'
import type { Query } from '../request-target.ts'
import { S3Error } from '../s3-error.ts'
import { formatIsoSeconds } from '../sigv4/amz-date.ts'
import { isSameSignature } from '../sigv4/verify-signature.ts'
import type { PresignedV2 } from './presigned-query.ts'
import { isSignedParameter, pathsOf, type RequestV2, stringToSignV2 } from './string-to-sign.ts'

/** Throws `AccessDenied` (expired, or ambiguous) or `SignatureDoesNotMatch`. */
export function verifyPresignedV2(
  request: RequestV2,
  presented: PresignedV2,
  options: { readonly secretAccessKey: string; readonly nowMs: number },
): void {
  if (options.nowMs > presented.expiresMs) {
    throw new S3Error(
      'AccessDenied',
      {
        Expires: formatIsoSeconds(presented.expiresMs),
        ServerTime: formatIsoSeconds(options.nowMs),
      },
      { message: 'Request has expired' },
    )
  }
  refuseSecondReading(request.query)
  const [asSent, ...others] = pathsOf(request).map((path) =>
    stringToSignV2(request, presented.expires, path),
  )
  if (others.some((toSign) => matches(toSign, presented, options.secretAccessKey))) return
  requireMatch(asSent ?? '', presented, options.secretAccessKey)
}

/** Base64 of the HMAC-SHA1. `toSign` is latin1, a character a byte. */
export function signatureV2(toSign: string, secretAccessKey: string): string {
  return createHmac('sha1', secretAccessKey).update(toSign, 'latin1').digest('base64')
}

type Claim = { readonly accessKeyId: string; readonly signature: string }

function matches(toSign: string, presented: Claim, secretAccessKey: string): boolean {
  return isSameSignature(signatureV2(toSign, secretAccessKey), presented.signature)
}

/** Throws `SignatureDoesNotMatch`. */
export function requireMatch(toSign: string, presented: Claim, secretAccessKey: string): void {
  if (matches(toSign, presented, secretAccessKey)) return
  throw new S3Error('SignatureDoesNotMatch', {
    AWSAccessKeyId: presented.accessKeyId,
    StringToSign: toSign,
    SignatureProvided: presented.signature,
    StringToSignBytes: Buffer.from(toSign, 'latin1')
      .toString('hex')
      .replaceAll(/..(?!$)/g, '$& '),
  })
}

/**
 * The string of Signature Version 2 joins decoded names and values with `&`, `=`, `:` and line ends, and
 * escapes none of them: `partNumber=1%26uploadId%3DX` is signed as `partNumber=1&uploadId=X` is. What could
 * be read in two ways is refused here, so that a signature is good for one request alone. Throws
 * `AccessDenied` for a signed parameter that is there twice or whose value holds another one, and
 * for an `x-amz-` parameter that is there twice or could be no header.
 */
export function refuseSecondReading(query: Query): void {
  const seen = new Set<string>()
  for (const { name, value } of query.parameters) {
    const header = name.toLowerCase()
    const isHeader = header.startsWith('x-amz-')
    if (!isHeader && !isSignedParameter(name)) continue
    const key = isHeader ? header : name
    const isSound = isHeader
      ? isHeaderName(header) && isHeaderValue(Buffer.from(value, 'utf8').toString('latin1'))
      : !holdsParameter(value)
    if (!isSound || seen.has(key)) throw ambiguous(name)
    seen.add(key)
  }
}

/** `a & b` holds none: nothing signed is called ` b`. */
function holdsParameter(value: string): boolean {
  if (!value.includes('&')) return false
  return value
    .split('&')
    .slice(1)
    .some((piece) => isSignedParameter(piece.split('=', 1)[0] ?? ''))
}

function ambiguous(name: string): S3Error {
  return new S3Error(
    'AccessDenied',
    { ArgumentName: name },
    {
      message:
        'Signature Version 2 signs this parameter in a way that has two meanings. Please use AWS4-HMAC-SHA256.',
    },
  )
}
