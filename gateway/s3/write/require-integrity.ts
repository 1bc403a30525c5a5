// S3 does some things only on a document that a digest vouches for. That the digest holds, `RequestBody.bytes` checks.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
import {
  checksumAlgorithms,
  checksumHeader,
} from '../../../protocol/s3/checksums/checksum-algorithm.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { BucketCall } from '../operation.ts'

const digestHeaders = ['content-md5', ...checksumAlgorithms.map(checksumHeader)]

/** Throws `InvalidRequest` when no digest of the body was sent, nor announced as a trailer. */
export function requireIntegrity({ headers, body }: Pick<BucketCall, 'headers' | 'body'>): void {
  const sent = (name: string) =>
    headerText(headers, name) !== undefined || body.announcedTrailers.includes(name)
  if (digestHeaders.some(sent)) return
  throw new S3Error(
    'InvalidRequest',
    {},
    { message: 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*' },
  )
}
