// Who presigns a URL may put the headers of the request into its query, for a sender who knows only the
// URL: S3 takes those that say how an object is stored. Checksums are left out as S3 leaves them out: some
// SDKs presign that of an empty body.
import type { IncomingHttpHeaders } from 'node:http'
import { parseHeaderName, toHeaderText } from '../../protocol/s3/header-text.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'

const moved = /^x-amz-(?:meta-.*|acl|storage-class|tagging|server-side-encryption.*)$/is

/**
 * The headers, with those that a presigned query adds. A header that was sent counts first. Throws
 * `InvalidArgument` for names that no header has, and for those that come twice: Signature Version 2 covers
 * the first alone, so that anybody could add to it.
 */
export function withPresignedHeaders(
  headers: IncomingHttpHeaders,
  query: Query,
): IncomingHttpHeaders {
  if (!query.has('X-Amz-Signature') && !query.has('Signature')) return headers
  const added: IncomingHttpHeaders = {}
  for (const { name, value } of query.parameters) {
    if (!moved.test(name)) continue
    const header = parseHeaderName(name)
    if (headers[header] !== undefined) continue
    if (added[header] !== undefined) {
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: header },
        { message: `The query has ${header} more than once.` },
      )
    }
    added[header] = toHeaderText(value)
  }
  return { ...headers, ...added }
}
