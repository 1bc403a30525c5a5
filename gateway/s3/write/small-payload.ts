// Payloads that are read into memory as a whole, such as documents: gathered up to a bound, and compared with
// every digest that the client sent along: the SHA-256 bound to the signature, Content-MD5, and
// `x-amz-checksum-*` as header or trailer.
import { createHash } from 'node:crypto'
import {
  checkSdkAlgorithm,
  isChecksumValue,
  requireAlgorithmOf,
  sdkHeader,
} from '../../../protocol/s3/checksum-headers.ts'
import type { ChecksumAlgorithm } from '../../../protocol/s3/checksums/checksum-algorithm.ts'
import {
  parseChecksumValue,
  parseContentMd5,
} from '../../../protocol/s3/checksums/checksum-value.ts'
import type { Checksums } from '../../../protocol/s3/checksums/streaming-digest.ts'
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

type SentDigests = {
  readonly expectedSha256: string | undefined
  /** What came as headers and as trailers, in lower case. */
  names(): Iterable<string>
  header(name: string): string | undefined
  trailer(name: string): string | undefined
}

/** Throws `XAmzContentSHA256Mismatch`, `InvalidDigest`, `BadDigest` or `InvalidRequest`. */
export function verifySmallPayload(payload: Buffer, sent: SentDigests, checksums: Checksums): void {
  verifyPayloadSha256(payload, sent.expectedSha256)
  const md5 = sent.header('content-md5')
  if (md5 !== undefined) verifyMd5(payload, md5)
  const declared: ChecksumAlgorithm[] = []
  for (const name of sent.names()) {
    if (!isChecksumValue(name)) continue
    const algorithm = requireAlgorithmOf(name)
    declared.push(algorithm)
    const value = sent.header(name) ?? sent.trailer(name) ?? ''
    const digest = checksums.createDigest(algorithm)
    digest.update(payload)
    if (!digest.digest().equals(parseChecksumValue(algorithm, value))) {
      throw new S3Error(
        'BadDigest',
        {},
        {
          message: `The ${algorithm} you specified did not match the calculated checksum.`,
        },
      )
    }
  }
  checkSdkAlgorithm(sent.header(sdkHeader), declared)
}

function verifyMd5(payload: Buffer, sent: string): void {
  const expected = parseContentMd5(sent)
  const computed = createHash('md5').update(payload).digest()
  if (computed.equals(expected)) return
  throw new S3Error('BadDigest', {
    ExpectedDigest: sent,
    CalculatedDigest: computed.toString('base64'),
  })
}
