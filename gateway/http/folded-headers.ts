// Node joins metadata that came in several headers with a comma and a space; S3, and so the signature, with
// a comma alone. What is stored is what was signed.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationConstructingCanonicalizedAmzHeaders
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { collectHeaders } from '../../protocol/s3/sigv4/request-headers.ts'

/** The headers of a request as its signature reads them. */
export function foldedHeaders({ headers, rawHeaders }: IncomingMessage): IncomingHttpHeaders {
  if (Object.keys(headers).length * 2 === rawHeaders.length) return headers
  const folded: IncomingHttpHeaders = { ...headers }
  for (const [name, value] of collectHeaders(rawHeaders)) {
    if (name.startsWith('x-amz-')) folded[name] = value
  }
  return folded
}
