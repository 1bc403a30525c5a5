// The checksum of the whole object that CompleteMultipartUpload may bring, in `x-amz-checksum-*`: S3
// stores the object only if its own comes out the same.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import { checksumMismatch } from './checksum-headers.ts'
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
  checksumHeader,
} from './checksums/checksum-algorithm.ts'
import { parseChecksumValue, parseCompositeValue } from './checksums/checksum-value.ts'
import { type CompletedObject, wholeChecksum } from './multipart-completion.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

export type ExpectedChecksum = {
  readonly algorithm: ChecksumAlgorithm
  /** Base64, of a composite one with its `-N`, or without when the client left it out. */
  readonly value: string
}

/** `type` is the upload's. Throws `InvalidRequest` for several checksums or a value that is none. */
export function parseExpectedChecksum(
  headers: RequestHeaders,
  type: ChecksumType,
): ExpectedChecksum | undefined {
  let expected: ExpectedChecksum | undefined
  for (const algorithm of checksumAlgorithms) {
    const value = headerText(headers, checksumHeader(algorithm))
    if (value === undefined) continue
    if (expected !== undefined) {
      throw invalidRequest(
        'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
      )
    }
    if (type === 'COMPOSITE' && value.includes('-')) parseCompositeValue(algorithm, value)
    else parseChecksumValue(algorithm, value)
    expected = { algorithm, value }
  }
  return expected
}

/**
 * Throws `BadDigest` when the object is not the one expected, `InvalidRequest` when its parts were
 * uploaded without the checksum that would tell.
 */
export function checkExpectedChecksum(
  expected: ExpectedChecksum | undefined,
  object: Pick<CompletedObject, 'checksum' | 'parts'>,
): void {
  if (expected === undefined) return
  const { algorithm, value } = expected
  const { checksum } = object
  if (algorithm === checksum.algorithm) {
    const digest = checksum.value.split('-', 1)[0]
    if (value !== checksum.value && value !== digest) throw checksumMismatch(algorithm)
    return
  }
  const computed = wholeChecksum(object.parts, algorithm)
  if (computed === undefined) {
    throw invalidRequest(
      `The parts of the upload have no ${algorithm.toLowerCase()} checksum to compare with.`,
    )
  }
  if (value !== computed) throw checksumMismatch(algorithm)
}

function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', {}, { message })
}
