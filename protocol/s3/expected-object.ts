// What CompleteMultipartUpload may say that the whole object has to come to: its checksum, in
// `x-amz-checksum-*`, and its size. S3 stores the object only if its own comes out the same.
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

const sizeHeader = 'x-amz-mp-object-size'

/** Bytes, when the client says. Throws `InvalidRequest` for what is no number of bytes. */
export function parseObjectSize(headers: RequestHeaders): number | undefined {
  const raw = headerText(headers, sizeHeader)
  if (raw === undefined) return undefined
  if (/^\d{1,15}$/.test(raw)) return Number(raw)
  throw invalidRequest(`Value for ${sizeHeader} header is invalid: '${raw}'`)
}

/** Throws `InvalidRequest` when the client expected another size. */
export function checkObjectSize(expected: number | undefined, computed: number): void {
  if (expected === undefined || expected === computed) return
  throw invalidRequest(
    `The provided '${sizeHeader}' header value ${expected} does not match what was computed: ${computed}`,
  )
}

function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', {}, { message })
}
