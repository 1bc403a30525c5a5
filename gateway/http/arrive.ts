// What a request says before anybody knows what it is about: its target, and what every call has of it.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { parseRequestTarget, type RequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { collectHeaders } from '../../protocol/s3/sigv4/request-headers.ts'
import type { RequestContext } from '../access/authorize.ts'
import { withPresignedHeaders } from '../access/presigned-headers.ts'
import type { Services } from '../s3/operation.ts'
import type { Arrived } from '../s3/run-operation.ts'
import type { Begun } from './begun.ts'

/** Throws `BadRequest` for a host that is none, and what `parseRequestTarget` throws. */
export function targetOf(incoming: IncomingMessage): RequestTarget {
  requireHost(incoming)
  return parseRequestTarget(incoming.url ?? '/')
}

/** RFC 9112 section 3.2. A host is a name or an address, and may have a port. */
function requireHost({ headers, httpVersion }: IncomingMessage): void {
  const { host } = headers
  if (host === undefined ? httpVersion === '1.0' : hostSyntax.test(host)) return
  throw new S3Error('BadRequest', {}, { message: 'The Host header is missing or malformed.' })
}

const hostSyntax = /^(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?$/

type Addressed = Pick<Arrived, 'address' | 'owner'> & { readonly target: RequestTarget }

export function arrive(
  services: Services,
  begun: Begun,
  { target, address, owner }: Addressed,
): Arrived {
  const { incoming, requestId, notes } = begun
  const { query, rawPath } = target
  const isEncrypted = 'encrypted' in incoming.socket
  const headers = withPresignedHeaders(foldedHeaders(incoming), query)
  begun.address = address
  begun.query = query
  begun.headers = headers
  const sourceIp = () => incoming.socket.remoteAddress
  const signature = () => notes.signature
  const { 'user-agent': userAgent, referer } = incoming.headers
  const { now } = services
  // Field by field: each request comes by here.
  const context: RequestContext = {
    headers,
    query,
    userAgent,
    referer,
    signature,
    isEncrypted,
    sourceIp,
    now,
  }
  return {
    services,
    notes,
    client: begun,
    address,
    owner,
    context,
    query,
    headers,
    requestId,
    endpoint: `${isEncrypted ? 'https' : 'http'}://${incoming.headers.host ?? ''}`,
    rawPath,
  }
}

/**
 * The headers of a request as its signature reads them. Node joins metadata that came in several headers
 * with a comma and a space; S3, and so the signature, with a comma alone. What is stored is what was signed.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationConstructingCanonicalizedAmzHeaders
 */
function foldedHeaders({ headers, rawHeaders }: IncomingMessage): IncomingHttpHeaders {
  if (Object.keys(headers).length * 2 === rawHeaders.length) return headers
  const folded: IncomingHttpHeaders = { ...headers }
  for (const [name, value] of collectHeaders(rawHeaders)) {
    if (name.startsWith('x-amz-')) folded[name] = value
  }
  return folded
}
