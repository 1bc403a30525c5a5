// Reads the body of CompleteMultipartUpload. Unlike elsewhere, its `x-amz-checksum-*` headers speak of
// the object and not of the body, so that only the signature's SHA-256 and Content-MD5 are compared.
import { createHash } from 'node:crypto'
import { parseContentMd5 } from '../../../protocol/s3/checksums/checksum-value.ts'
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { ObjectCall } from '../operation.ts'
import { collectPayload, verifyPayloadSha256 } from './small-payload.ts'

/** Throws `MaxMessageLengthExceeded`, `XAmzContentSHA256Mismatch`, `InvalidDigest`, `BadDigest`. */
export async function readCompletionBody({ body, headers }: ObjectCall): Promise<Buffer> {
  const md5Text = headerText(headers, 'content-md5')
  const md5 = md5Text === undefined ? undefined : parseContentMd5(md5Text)
  const whole = await collectPayload(body, xmlBytesMax)
  verifyPayloadSha256(whole, body.expectedSha256)
  if (md5 !== undefined && !createHash('md5').update(whole).digest().equals(md5)) {
    throw new S3Error('BadDigest', { ExpectedDigest: md5.toString('base64') })
  }
  return whole
}
