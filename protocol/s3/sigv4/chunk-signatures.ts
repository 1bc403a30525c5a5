// The chain of signatures over an aws-chunked body: each chunk's covers the one before it, the first
// covers the request's own, and a signed trailer covers the last chunk's.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
import { createHmac, hash } from 'node:crypto'
import type { ChunkSigning } from './signed-request.ts'

const sha256OfNothing = hash('sha256', '', 'hex')

/** The signature, in hex, of a chunk whose data has the SHA-256 `sha256Hex`. */
export function chunkSignature(
  signing: ChunkSigning,
  previousSignature: string,
  sha256Hex: string,
): string {
  const toSign = `AWS4-HMAC-SHA256-PAYLOAD\n${signing.amzDate}\n${signing.credentialScope}\n${previousSignature}\n${sha256OfNothing}\n${sha256Hex}`
  return createHmac('sha256', signing.signingKey).update(toSign).digest('hex')
}

/** The signature, in hex, of trailing headers. `canonicalTrailers` is `name:value\n` for each, in order. */
export function trailerSignature(
  signing: ChunkSigning,
  previousSignature: string,
  canonicalTrailers: string,
): string {
  const sha256Hex = hash('sha256', Buffer.from(canonicalTrailers, 'latin1'), 'hex')
  const toSign = `AWS4-HMAC-SHA256-TRAILER\n${signing.amzDate}\n${signing.credentialScope}\n${previousSignature}\n${sha256Hex}`
  return createHmac('sha256', signing.signingKey).update(toSign).digest('hex')
}
