// The checksum of a multipart upload: what CreateMultipartUpload asks for, what parts must bring, and
// what the completed object gets. Combining itself is in `checksums/multipart-digests.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
import { parseRequestedAlgorithm } from './checksum-headers.ts'
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  parseMultipartChecksumType,
} from './checksums/checksum-algorithm.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

export type UploadChecksum = { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType }

/** What an upload gets that asked for nothing. */
export const defaultUploadChecksum: UploadChecksum = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' }

/**
 * Reads `x-amz-checksum-algorithm` and `x-amz-checksum-type` of CreateMultipartUpload. Absent: neither
 * was sent. Throws `InvalidRequest` for unknown values and for pairs S3 does not have.
 */
export function parseUploadChecksum(headers: RequestHeaders): UploadChecksum | undefined {
  const algorithm = parseRequestedAlgorithm(headers)
  const type = headerText(headers, 'x-amz-checksum-type')
  if (algorithm !== undefined) {
    return { algorithm, type: parseMultipartChecksumType(algorithm, type) }
  }
  if (type === undefined) return undefined
  throw invalidRequest(
    'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
  )
}

/**
 * Throws `InvalidRequest` when a part brings another checksum than its upload asked for, or none where
 * the object's checksum is made of those of the parts. An upload that asked for nothing takes all.
 */
export function checkPartChecksum(
  upload: UploadChecksum | undefined,
  declared: ChecksumAlgorithm | undefined,
): void {
  if (upload === undefined || declared === upload.algorithm) return
  if (declared === undefined && upload.type === 'FULL_OBJECT') return
  const expected = upload.algorithm.toLowerCase()
  const actual = declared === undefined ? 'null' : declared.toLowerCase()
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${actual}`,
  )
}

/**
 * Checks `x-amz-checksum-type` of CompleteMultipartUpload against the upload's. Throws
 * `InvalidRequest`.
 */
export function checkCompletionType(headers: RequestHeaders, upload: UploadChecksum): void {
  const raw = headerText(headers, 'x-amz-checksum-type')
  if (raw === undefined || raw === upload.type) return
  if (raw !== 'COMPOSITE' && raw !== 'FULL_OBJECT') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.')
  }
  throw invalidRequest(
    `The upload was created using the ${upload.type} checksum mode. The complete request must use the same checksum mode.`,
  )
}

function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', {}, { message })
}
