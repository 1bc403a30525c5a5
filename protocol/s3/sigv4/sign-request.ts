// Signing, the client's side: presigned URLs that the server hands out, and requests of tests and bench.
import { createHmac } from 'node:crypto'
import { formatAmzDate } from './amz-date.ts'
import { canonicalPath, canonicalQueryText } from './canonical-encoding.ts'
import { canonicalQuery, canonicalRequest, stringToSign } from './canonical-request.ts'
import { unsignedPayload } from './payload-declaration.ts'
import { collectHeaders } from './request-headers.ts'
import type { ChunkSigning, CredentialScope, SignedService } from './signed-request.ts'
import type { SigningKeyCache } from './signing-keys.ts'

export type SigningCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  /** Of temporary ones. */
  readonly sessionToken?: string
}

export type SigningContext = {
  readonly credentials: SigningCredentials
  readonly signingKeys: SigningKeyCache
  readonly nowMs: number
  /** Default: `s3`. */
  readonly service?: SignedService
}

export type RequestToSign = {
  readonly method: string
  /** Origin form, percent-encoded as it will be sent. */
  readonly target: string
  /** Must hold `host`; all of them are signed. Values as sent, latin1. */
  readonly headers: Readonly<Record<string, string>>
  /** Becomes `x-amz-content-sha256`: a SHA-256 in hex, `UNSIGNED-PAYLOAD`, `STREAMING-…`. */
  readonly payloadHash: string
}

export type SignedRequest = {
  /** Those given and `x-amz-date`, `x-amz-content-sha256`, `authorization`. */
  readonly headers: Readonly<Record<string, string>>
  /** For bodies in signed chunks. */
  readonly chunkSigning: ChunkSigning
}

/** Signs in the `Authorization` header. */
export function signRequest(request: RequestToSign, context: SigningContext): SignedRequest {
  const amzDate = formatAmzDate(context.nowMs)
  const scope = scopeOf(context, amzDate)
  const { payloadHash } = request
  const { sessionToken } = context.credentials
  const sent = {
    ...request.headers,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    'x-amz-date': amzDate,
    'x-amz-content-sha256': payloadHash,
  }
  const headers = collectHeaders(Object.entries(sent).flat())
  const signedHeaders = [...headers.keys()].sort()
  const canonical = canonicalRequest({
    method: request.method,
    target: request.target,
    headers,
    signedHeaders,
    payloadHash,
    blanks: 'collapsed',
  })
  const chunkSigning = sign(canonical, amzDate, scope, context)
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope.credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${chunkSigning.seedSignature}`
  return { headers: { ...sent, authorization }, chunkSigning }
}

export type UrlToPresign = {
  readonly method: string
  /** Scheme and authority, without a slash at the end: `http://127.0.0.1:9000`. */
  readonly origin: string
  /** Percent-encoded path, beginning with a slash. */
  readonly path: string
  /** Decoded parameters beside those of the signature, such as `versionId`. */
  readonly query?: Readonly<Record<string, string>>
  /** Headers the caller of the URL will have to send; `host` is added. */
  readonly headers?: Readonly<Record<string, string>>
  /** 1 to 604,800. */
  readonly expiresSeconds: number
}

/** A URL that carries its own signature and leaves the body unsigned, unless its hash is given. */
export function presignUrl(
  url: UrlToPresign,
  context: SigningContext & { readonly payloadHash?: string },
): string {
  const amzDate = formatAmzDate(context.nowMs)
  const scope = scopeOf(context, amzDate)
  const { sessionToken } = context.credentials
  const host = url.origin.slice(url.origin.indexOf('://') + 3)
  const headers = collectHeaders(Object.entries({ ...url.headers, host }).flat())
  const signedHeaders = [...headers.keys()].sort()
  const query = encodeQuery({
    ...url.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': scope.credential,
    'X-Amz-Date': amzDate,
    'X-Amz-Expires': String(url.expiresSeconds),
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
    'X-Amz-SignedHeaders': signedHeaders.join(';'),
  })
  const target = `${canonicalPath(url.path)}?${query}`
  const canonical = canonicalRequest({
    method: url.method,
    target,
    headers,
    signedHeaders,
    payloadHash: context.payloadHash ?? unsignedPayload,
    blanks: 'collapsed',
  })
  const { seedSignature } = sign(canonical, amzDate, scope, context)
  return `${url.origin}${target}&X-Amz-Signature=${seedSignature}`
}

function encodeQuery(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(
    ([name, value]) => `${encodeText(name)}=${encodeText(value)}`,
  )
  return canonicalQuery(pairs.join('&'))
}

/** Encodes text, as opposed to making encoded text canonical. */
function encodeText(text: string): string {
  return canonicalQueryText(encodeURIComponent(text))
}

function scopeOf(
  { credentials, service = 's3' }: SigningContext,
  amzDate: string,
): CredentialScope {
  const date = amzDate.slice(0, 8)
  const { accessKeyId, region } = credentials
  const credentialScope = `${date}/${region}/${service}/aws4_request`
  const credential = `${accessKeyId}/${credentialScope}`
  return { accessKeyId, date, region, service, credential, credentialScope }
}

function sign(
  canonical: string,
  amzDate: string,
  scope: CredentialScope,
  context: SigningContext,
): ChunkSigning {
  const signingKey = context.signingKeys.keyFor(scope, context.credentials.secretAccessKey)
  const { credentialScope } = scope
  const toSign = stringToSign(canonical, amzDate, credentialScope)
  const seedSignature = createHmac('sha256', signingKey).update(toSign).digest('hex')
  return { signingKey, seedSignature, amzDate, credentialScope }
}
