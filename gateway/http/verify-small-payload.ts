// Compares a payload held in memory with every digest the client sent along: the SHA-256 bound to the
// signature, Content-MD5, and `x-amz-checksum-*` as header or trailer.
import { createHash } from 'node:crypto'
import {
  checkSdkAlgorithm,
  isChecksumValue,
  requireAlgorithmOf,
  sdkHeader,
} from '../../protocol/s3/checksum-headers.ts'
import type { ChecksumAlgorithm } from '../../protocol/s3/checksums/checksum-algorithm.ts'
import { parseChecksumValue, parseContentMd5 } from '../../protocol/s3/checksums/checksum-value.ts'
import type { Checksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { verifyPayloadSha256 } from '../s3/write/small-payload.ts'

export type SentDigests = {
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
