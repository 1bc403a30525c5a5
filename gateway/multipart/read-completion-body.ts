// Reads the body of CompleteMultipartUpload. Unlike elsewhere, its `x-amz-checksum-*` headers speak of
// the object and not of the body, so that only the signature's SHA-256 and Content-MD5 are compared.
import { createHash } from 'node:crypto'
import { parseContentMd5 } from '../../protocol/s3/checksums/checksum-value.ts'
import { xmlBytesMax } from '../../protocol/s3/limits.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Call } from '../operation.ts'

/** Throws `MaxMessageLengthExceeded`, `XAmzContentSHA256Mismatch`, `InvalidDigest`, `BadDigest`. */
export async function readCompletionBody({ body, headers }: Call): Promise<Buffer> {
  const md5Text = headerText(headers, 'content-md5')
  const md5 = md5Text === undefined ? undefined : parseContentMd5(md5Text)
  if ((body.decodedBytes ?? 0) > xmlBytesMax) throw tooLong()
  const whole = await collect(body.stream())
  verifySha256(whole, body.expectedSha256)
  if (md5 !== undefined && !createHash('md5').update(whole).digest().equals(md5)) {
    throw new S3Error('BadDigest', { ExpectedDigest: md5.toString('base64') })
  }
  return whole
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of stream) {
    length += piece.length
    if (length > xmlBytesMax) throw tooLong()
    pieces.push(piece)
  }
  return Buffer.concat(pieces, length)
}

function verifySha256(whole: Buffer, expectedHex: string | undefined): void {
  if (expectedHex === undefined) return
  const computedHex = createHash('sha256').update(whole).digest('hex')
  if (computedHex === expectedHex.toLowerCase()) return
  throw new S3Error('XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: expectedHex,
    S3ComputedContentSHA256: computedHex,
  })
}

function tooLong(): S3Error {
  return new S3Error('MaxMessageLengthExceeded', { MaxMessageLengthBytes: `${xmlBytesMax}` })
}
