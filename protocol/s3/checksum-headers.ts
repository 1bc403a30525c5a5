// Which checksum a request declares for its payload, and how replies show the one stored.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
import {
  algorithmOfHeader,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
  checksumHeader,
  parseChecksumAlgorithm,
} from './checksums/checksum-algorithm.ts'
import { parseChecksumValue } from './checksums/checksum-value.ts'
import type { ReplyHeaders } from './object-headers.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

/** The value is the raw digest; of a trailer it is known once the body has ended. */
export type DeclaredChecksum =
  | { readonly algorithm: ChecksumAlgorithm; readonly in: 'header'; readonly value: Buffer }
  | { readonly algorithm: ChecksumAlgorithm; readonly in: 'trailer' }

const valuePrefix = 'x-amz-checksum-'
/** Headers that begin alike and carry no value. */
const notValues: ReadonlySet<string> = new Set([
  'x-amz-checksum-mode',
  'x-amz-checksum-algorithm',
  'x-amz-checksum-type',
])

const unknownAlgorithm = 'The algorithm type you specified in x-amz-checksum- header is invalid.'
const unsupportedTrailer = 'The value specified in the x-amz-trailer header is not supported'

/**
 * The checksum that comes with the payload, if any. `announcedTrailers` in lower case. Throws
 * `InvalidRequest` for several of them, for an algorithm unknown here, for a value that is none, and when
 * `x-amz-sdk-checksum-algorithm` contradicts.
 */
export function parseDeclaredChecksum(
  headers: RequestHeaders,
  announcedTrailers: readonly string[],
): DeclaredChecksum | undefined {
  let declared: DeclaredChecksum | undefined
  for (const name in headers) {
    const raw = isChecksumValue(name) ? headers[name] : undefined
    if (raw === undefined) continue
    if (declared !== undefined) throw severalChecksums()
    const algorithm = requireAlgorithmOf(name)
    declared = { algorithm, in: 'header', value: parseChecksumValue(algorithm, String(raw)) }
  }
  for (const name of announcedTrailers) {
    if (!name.startsWith(valuePrefix)) continue
    if (declared !== undefined) throw severalChecksums()
    const algorithm = algorithmOfHeader(name)
    if (algorithm === undefined) throw invalidRequest(unsupportedTrailer)
    declared = { algorithm, in: 'trailer' }
  }
  checkSdkAlgorithm(headerText(headers, sdkHeader), declared ? [declared.algorithm] : [])
  return declared
}

/** True of a header, in lower case, that brings a checksum of whatever algorithm. */
export function isChecksumValue(name: string): boolean {
  return name.startsWith(valuePrefix) && !notValues.has(name)
}

/** Throws `InvalidRequest` for an algorithm that is unknown here: what cannot be compared is not taken. */
export function requireAlgorithmOf(name: string): ChecksumAlgorithm {
  const algorithm = algorithmOfHeader(name)
  if (algorithm === undefined) throw invalidRequest(unknownAlgorithm)
  return algorithm
}

function severalChecksums(): S3Error {
  return invalidRequest(
    'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
  )
}

export const sdkHeader = 'x-amz-sdk-checksum-algorithm'

/** `declared`: of which algorithms the request brings values. Throws `InvalidRequest`. */
export function checkSdkAlgorithm(
  raw: string | undefined,
  declared: readonly ChecksumAlgorithm[],
): void {
  if (raw === undefined) return
  const known = checksumAlgorithms.find((algorithm) => algorithm === raw.toUpperCase())
  if (known !== undefined && declared.includes(known)) return
  if (known !== undefined && declared.length === 0) {
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.')
}

/** `x-amz-checksum-algorithm`, which CopyObject and CreateMultipartUpload take. `InvalidRequest`. */
export function parseRequestedAlgorithm(headers: RequestHeaders): ChecksumAlgorithm | undefined {
  const raw = headerText(headers, 'x-amz-checksum-algorithm')
  return raw === undefined ? undefined : parseChecksumAlgorithm(raw)
}

/** True when the client asks GET or HEAD to show the checksum. */
export function wantsChecksum(headers: RequestHeaders): boolean {
  return headerText(headers, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
}

/** Fits `Checksum` of the metadata records. */
export type ShownChecksum = {
  readonly algorithm: ChecksumAlgorithm
  readonly type?: ChecksumType
  readonly value: string
}

/** Adds `x-amz-checksum-<algorithm>` and, when known, `x-amz-checksum-type`. */
export function addChecksumHeaders(reply: ReplyHeaders, checksum: ShownChecksum | undefined): void {
  if (checksum === undefined) return
  reply[checksumHeader(checksum.algorithm)] = checksum.value
  if (checksum.type !== undefined) reply['x-amz-checksum-type'] = checksum.type
}

/** What a payload that differs from its declared checksum is answered with. */
export function checksumMismatch(algorithm: ChecksumAlgorithm): S3Error {
  return new S3Error('BadDigest', undefined, {
    message: `The ${algorithm} you specified did not match the calculated checksum.`,
  })
}

function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', undefined, { message })
}
