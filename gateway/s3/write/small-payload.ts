// Payloads that are read into memory as a whole, such as documents: gathered up to a bound, and held
// against the SHA-256 that the signature binds.
import { createHash } from 'node:crypto'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { RequestBody } from '../operation.ts'

/** The whole payload. Throws `MaxMessageLengthExceeded`, before it is read when it says so. */
export async function collectPayload(
  body: Pick<RequestBody, 'decodedBytes' | 'stream'>,
  bytesMax: number,
): Promise<Buffer> {
  const tooLong = () =>
    new S3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: `${bytesMax}` })
  if ((body.decodedBytes ?? 0) > bytesMax) throw tooLong()
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body.stream()) {
    length += piece.length
    if (length > bytesMax) throw tooLong()
    pieces.push(piece)
  }
  return Buffer.concat(pieces, length)
}

/** Throws `XAmzContentSHA256Mismatch`. `expectedHex` is absent when the signature binds no digest. */
export function verifyPayloadSha256(payload: Buffer, expectedHex: string | undefined): void {
  if (expectedHex === undefined) return
  const computedHex = createHash('sha256').update(payload).digest('hex')
  if (computedHex === expectedHex.toLowerCase()) return
  throw new S3Error('XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: expectedHex,
    S3ComputedContentSHA256: computedHex,
  })
}
