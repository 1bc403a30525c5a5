// Who presigns a URL may put the headers of the request into its query, for a sender who knows only the
// URL: S3 takes those that say how an object is stored. Checksums are left out as S3 leaves them out: some
// SDKs presign that of an empty body.
import type { IncomingHttpHeaders } from 'node:http'
import type { Query } from '../../protocol/s3/request-target.ts'

const moved = /^x-amz-(?:meta-.+|acl|storage-class|tagging|server-side-encryption.*)$/

/** The headers, with those that a presigned query adds. A header that was sent counts first. */
export function withPresignedHeaders(
  headers: IncomingHttpHeaders,
  query: Query,
): IncomingHttpHeaders {
  if (!query.has('X-Amz-Signature') && !query.has('Signature')) return headers
  const added: IncomingHttpHeaders = {}
  for (const { name, value } of query.parameters) {
    const header = name.toLowerCase()
    if (!moved.test(header) || headers[header] !== undefined) continue
    // Node's header values are latin1, a character a byte.
    added[header] ??= Buffer.from(value, 'utf8').toString('latin1')
  }
  return { ...headers, ...added }
}
