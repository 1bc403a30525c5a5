// URLs presigned with Signature Version 2: `AWSAccessKeyId`, `Expires` and `Signature` in the query. What
// is signed is in `string-to-sign.ts`. The Authorization header of that version is not supported.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
import type { Query } from '../request-target.ts'
import { S3Error } from '../s3-error.ts'

/** Well formed and not yet checked. */
export type PresignedV2 = {
  readonly accessKeyId: string
  /** As given, which may be anything. */
  readonly signature: string
  /** Seconds since 1970, as given: it is signed in this form. */
  readonly expires: string
  readonly expiresMs: number
  /** `x-amz-security-token` of the query: the key is a temporary one. */
  readonly sessionToken: string | undefined
}

/**
 * Undefined when the query holds nothing of Signature Version 2, or something of Version 4 as well, which
 * then counts. Throws `AccessDenied` for parameters that are missing, doubled or no time.
 */
export function parsePresignedV2(query: Query): PresignedV2 | undefined {
  if (!query.has('Signature') && !query.has('AWSAccessKeyId')) return undefined
  if (query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature')) return undefined
  const accessKeyId = required(query, 'AWSAccessKeyId')
  const signature = required(query, 'Signature')
  const expires = required(query, 'Expires')
  return {
    accessKeyId,
    signature,
    expires,
    expiresMs: parseExpires(expires),
    sessionToken: query.get('x-amz-security-token'),
  }
}

function required(query: Query, name: string): string {
  const found = query.parameters.filter((parameter) => parameter.name === name)
  const value = found[0]?.value
  if (found.length === 1 && value !== undefined && value !== '') return value
  throw denied(
    'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
  )
}

function parseExpires(raw: string): number {
  if (/^[0-9]{1,11}$/.test(raw)) return Number(raw) * 1000
  throw denied(`Invalid date (should be seconds since epoch): ${raw}`)
}

function denied(message: string): S3Error {
  return new S3Error('AccessDenied', undefined, { message })
}
