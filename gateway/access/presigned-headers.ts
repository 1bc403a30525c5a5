// Who presigns a URL may put the headers of the request into its query, for a sender who knows only the
// URL: S3 takes those that say how an object is stored, and so are those taken that say what is done, or on
// which condition. Checksums are left out as S3 leaves them out: some SDKs presign that of an empty body.
import type { IncomingHttpHeaders } from 'node:http'
import { isDemanding } from '../../protocol/s3/check-headers.ts'
import { isHeaderName, isHeaderValue, toHeaderText } from '../../protocol/s3/header-text.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'

const stored: ReadonlySet<string> = new Set([
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-amz-website-redirect-location',
])

/** Whether the query carries a signature, of either version. */
export function isPresigned(query: Query): boolean {
  if (query.parameters.length === 0) return false
  return query.has('X-Amz-Signature') || query.has('Signature')
}

/**
 * The headers, with those that a presigned query adds. A header that was sent counts first. What may not
 * be there is refused by `checkPresignedHeaders`.
 */
export function withPresignedHeaders(
  headers: IncomingHttpHeaders,
  query: Query,
): IncomingHttpHeaders {
  if (!isPresigned(query)) return headers
  const added: IncomingHttpHeaders = {}
  for (const { name, value } of query.parameters) {
    const header = name.toLowerCase()
    if (!isMoved(header) || headers[header] !== undefined) continue
    added[header] ??= toHeaderText(value)
  }
  return { ...headers, ...added }
}

/**
 * To be asked once the signature holds. Throws `InvalidArgument` for headers in the query that are there
 * twice (Signature Version 2 covers the first alone) or could be none, and for those of a request whose signature stands elsewhere: nobody would do what
 * they say.
 */
export function checkPresignedHeaders(query: Query): void {
  if (query.parameters.length === 0) return
  const presigned = isPresigned(query)
  const seen = new Set<string>()
  for (const { name, value } of query.parameters) {
    const header = name.toLowerCase()
    if (!isMoved(header)) continue
    const isSound = presigned && isHeaderName(name) && isHeaderValue(toHeaderText(value))
    if (!isSound || seen.has(header)) {
      throw new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value })
    }
    seen.add(header)
  }
}

function isMoved(header: string): boolean {
  if (!header.startsWith('x-amz-')) return false
  return header.startsWith('x-amz-meta-') || stored.has(header) || isDemanding(header)
}
