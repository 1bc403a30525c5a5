// The checksum algorithms of S3 beside MD5: their names on the wire, their sizes, and which type of
// checksum a multipart upload may have with each.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
import { S3Error } from '../s3-error.ts'

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256'
/** Those whose value for a whole follows from the values and lengths of its parts. */
export type CrcAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME'
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT'

type AlgorithmRow = {
  readonly header: string
  readonly bytes: number
  /** Types a multipart upload may ask for; the first is taken when it asks for none. */
  readonly multipart: readonly [ChecksumType, ...ChecksumType[]]
}

const rows: Readonly<Record<ChecksumAlgorithm, AlgorithmRow>> = {
  CRC32: { header: 'x-amz-checksum-crc32', bytes: 4, multipart: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC32C: { header: 'x-amz-checksum-crc32c', bytes: 4, multipart: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC64NVME: { header: 'x-amz-checksum-crc64nvme', bytes: 8, multipart: ['FULL_OBJECT'] },
  SHA1: { header: 'x-amz-checksum-sha1', bytes: 20, multipart: ['COMPOSITE'] },
  SHA256: { header: 'x-amz-checksum-sha256', bytes: 32, multipart: ['COMPOSITE'] },
}

export const checksumAlgorithms: readonly ChecksumAlgorithm[] = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
]

/** Bytes of a digest, before Base64. */
export function digestBytes(algorithm: ChecksumAlgorithm): number {
  return rows[algorithm].bytes
}

/** The header (and trailer) that carries a value, in lower case: `x-amz-checksum-crc32c`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return rows[algorithm].header
}

/** The algorithm whose values the header `name` (lower case) carries. */
export function algorithmOfHeader(name: string): ChecksumAlgorithm | undefined {
  return checksumAlgorithms.find((algorithm) => rows[algorithm].header === name)
}

/**
 * Reads `x-amz-checksum-algorithm`, `x-amz-sdk-checksum-algorithm` and their like; letter case does not
 * matter. Throws `InvalidRequest` for a name S3 does not know.
 */
export function parseChecksumAlgorithm(raw: string): ChecksumAlgorithm {
  const name = raw.toUpperCase()
  const algorithm = checksumAlgorithms.find((known) => known === name)
  if (algorithm === undefined) {
    throw new S3Error('InvalidRequest', undefined, {
      message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
    })
  }
  return algorithm
}

/**
 * The type of a multipart upload's checksum. `raw` is `x-amz-checksum-type`; without it S3's default for
 * the algorithm. Throws `InvalidRequest` for a type the algorithm cannot have.
 */
export function parseMultipartChecksumType(
  algorithm: ChecksumAlgorithm,
  raw: string | undefined,
): ChecksumType {
  const allowed = rows[algorithm].multipart
  if (raw === undefined) return allowed[0]
  const type = allowed.find((known) => known === raw.toUpperCase())
  if (type !== undefined) return type
  const known = raw === 'COMPOSITE' || raw === 'FULL_OBJECT'
  throw new S3Error('InvalidRequest', undefined, {
    message: known
      ? `The ${raw} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`
      : 'Value for x-amz-checksum-type header is invalid.',
  })
}

/** True of an algorithm whose full-object value `combineCrcs` can make from those of the parts. */
export function isCrc(algorithm: ChecksumAlgorithm): algorithm is CrcAlgorithm {
  return algorithm === 'CRC32' || algorithm === 'CRC32C' || algorithm === 'CRC64NVME'
}
