// `x-amz-content-sha256`: what a request says about its body.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
import { S3Error } from '../s3-error.ts'
import type { PayloadDeclaration } from './signed-request.ts'

export const unsignedPayload = 'UNSIGNED-PAYLOAD'
const signedChunks = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
const signedChunksTrailer = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'
const unsignedTrailer = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
const ecdsaChunks = 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD'
const ecdsaChunksTrailer = 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER'

/**
 * Throws `InvalidArgument` for a value S3 does not know, `NotImplemented` for chunks signed with ECDSA.
 */
export function parsePayloadDeclaration(raw: string): PayloadDeclaration {
  if (isSha256Hex(raw)) return { is: 'sha256', hex: raw.toLowerCase() }
  switch (raw) {
    case unsignedPayload:
      return { is: 'unsigned' }
    case signedChunks:
      return { is: 'signedChunks', trailer: false }
    case signedChunksTrailer:
      return { is: 'signedChunks', trailer: true }
    case unsignedTrailer:
      return { is: 'unsignedTrailer' }
    case ecdsaChunks:
    case ecdsaChunksTrailer:
      throw new S3Error('NotImplemented', { Header: 'x-amz-content-sha256' })
    default:
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: 'x-amz-content-sha256', ArgumentValue: raw },
        {
          message: `x-amz-content-sha256 must be ${unsignedPayload}, ${unsignedTrailer}, ${signedChunks}, ${signedChunksTrailer}, ${ecdsaChunks}, ${ecdsaChunksTrailer} or a valid sha256 value.`,
        },
      )
  }
}

function isSha256Hex(raw: string): boolean {
  if (raw.length !== 64) return false
  for (let at = 0; at < 64; at += 1) {
    const code = raw.charCodeAt(at)
    const isDigit = code >= 0x30 && code <= 0x39
    const letter = code | 0x20
    if (!isDigit && (letter < 0x61 || letter > 0x66)) return false
  }
  return true
}
