// Writes signed requests as bytes, so that a test can send them whole, in pieces, or spoilt.
import { createHash } from 'node:crypto'
import { chunkSignature, trailerSignature } from '../../protocol/s3/sigv4/chunk-signatures.ts'
import { type SigningContext, signRequest } from '../../protocol/s3/sigv4/sign-request.ts'
import type { ChunkSigning } from '../../protocol/s3/sigv4/signed-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { RawConnection, type RawResponse } from './raw-connection.ts'
import { serverKey, serverRegion } from './start-server.ts'

export type WireRequest = {
  readonly method?: string
  /** As it is sent: percent-encoded. */
  readonly target: string
  /** Signed with the rest. `host` is `s3.test` unless given. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent and not signed. */
  readonly unsigned?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
  /** `x-amz-content-sha256`; the body's unless given. */
  readonly payloadHash?: string
  readonly context?: Partial<SigningContext>
  /** Taken from the head after signing. */
  readonly without?: readonly string[]
  /** Changes the finished head. */
  readonly spoil?: (head: string) => string
}

const signingKeys = new SigningKeyCache({ entriesMax: 100 })

export function signingContext(changes: Partial<SigningContext> = {}): SigningContext {
  const credentials = { ...serverKey, region: serverRegion }
  return { credentials, signingKeys, nowMs: Date.now(), ...changes }
}

export type Signed = {
  readonly method: string
  readonly head: Buffer
  readonly body: Buffer
  /** Head and body. */
  readonly bytes: Buffer
  readonly chunkSigning: ChunkSigning
}

/** Latin1 text in, bytes out. A length is said whenever there is a body. */
export function signed(request: WireRequest): Signed {
  const method = request.method ?? 'GET'
  const body = Buffer.from(request.body ?? '')
  const length: Record<string, string> =
    request.body === undefined ? {} : { 'content-length': String(body.length) }
  const { headers, chunkSigning } = signRequest(
    {
      method,
      target: request.target,
      headers: { host: 's3.test', ...length, ...request.headers },
      payloadHash: request.payloadHash ?? createHash('sha256').update(body).digest('hex'),
    },
    signingContext(request.context),
  )
  const lines = Object.entries({ ...headers, ...request.unsigned })
    .filter(([name]) => !request.without?.includes(name))
    .map(([name, value]) => `${name}: ${value}\r\n`)
  const plain = `${method} ${request.target} HTTP/1.1\r\n${lines.join('')}\r\n`
  const head = Buffer.from(request.spoil === undefined ? plain : request.spoil(plain), 'latin1')
  return { method, head, body, bytes: Buffer.concat([head, body]), chunkSigning }
}

/** Sends on a connection of its own and answers the reply. */
export async function exchange(port: number, request: WireRequest): Promise<RawResponse> {
  const { bytes, method } = signed(request)
  return exchangeBytes(port, bytes, method)
}

export async function exchangeBytes(
  port: number,
  bytes: Buffer | string,
  method = 'GET',
): Promise<RawResponse> {
  const connection = await RawConnection.open(port)
  try {
    const sending = connection.send(bytes)
    const response = await connection.response(method)
    await sending
    return response
  } finally {
    connection.close()
  }
}

/** What the error document calls the error. */
export function codeOf(response: RawResponse): string {
  return /<Code>([A-Za-z0-9]+)<\/Code>/.exec(response.body.toString())?.[1] ?? 'none'
}

export type Chunked = {
  readonly target: string
  readonly data: Buffer
  readonly chunkBytes: number
  readonly payload:
    | 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
    | 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'
    | 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  readonly trailers?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Says `Transfer-Encoding: chunked` in place of a length. */
  readonly inHttpChunks?: true
  /** Changes the encoded body, whose length is known by then. */
  readonly spoil?: (body: Buffer) => Buffer
}

/** A PUT in aws-chunked. */
export function signedChunked(options: Chunked): Signed {
  const trailers = Object.entries(options.trailers ?? {})
  // The length does not depend on the signatures, which depend on it.
  const length = encodeChunks(options, undefined).length
  const request = signed({
    method: 'PUT',
    target: options.target,
    headers: {
      'content-encoding': 'aws-chunked',
      ...(options.inHttpChunks === true
        ? { 'transfer-encoding': 'chunked' }
        : { 'content-length': String(length) }),
      'x-amz-decoded-content-length': String(options.data.length),
      ...(trailers.length > 0 ? { 'x-amz-trailer': trailers.map(([name]) => name).join(',') } : {}),
      ...options.headers,
    },
    payloadHash: options.payload,
  })
  const encoded = encodeChunks(options, request.chunkSigning)
  const body = options.spoil === undefined ? encoded : options.spoil(encoded)
  return { ...request, body, bytes: Buffer.concat([request.head, body]) }
}

function encodeChunks(options: Chunked, signing: ChunkSigning | undefined): Buffer {
  const isSigned = options.payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  const pieces: Buffer[] = []
  let previous = signing?.seedSignature ?? ''
  const append = (data: Buffer) => {
    const sha256 = createHash('sha256').update(data).digest('hex')
    previous = signing === undefined ? '0'.repeat(64) : chunkSignature(signing, previous, sha256)
    const extension = isSigned ? `;chunk-signature=${previous}` : ''
    pieces.push(Buffer.from(`${data.length.toString(16)}${extension}\r\n`), data)
    if (data.length > 0) pieces.push(Buffer.from('\r\n'))
  }
  const { data, chunkBytes } = options
  for (let at = 0; at < data.length; at += chunkBytes) append(data.subarray(at, at + chunkBytes))
  append(Buffer.alloc(0))
  const trailers = Object.entries(options.trailers ?? {})
  for (const [name, value] of trailers) pieces.push(Buffer.from(`${name}:${value}\r\n`))
  if (isSigned && trailers.length > 0) {
    const canonical = trailers.map(([name, value]) => `${name}:${value}\n`).join('')
    const signature =
      signing === undefined ? '0'.repeat(64) : trailerSignature(signing, previous, canonical)
    pieces.push(Buffer.from(`x-amz-trailer-signature:${signature}\r\n`))
  }
  pieces.push(Buffer.from('\r\n'))
  return Buffer.concat(pieces)
}
