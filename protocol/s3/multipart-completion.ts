// What CompleteMultipartUpload makes of the parts it names: the rules they must meet, and size, ETag
// and checksums of the object. Pure; the operation fetches the parts and commits.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32c as crc32cOf, crc32 as crc32Of } from '@node-rs/crc32'
import { type ChecksumAlgorithm, isCrc } from './checksums/checksum-algorithm.ts'
import { combineCrc32 } from './checksums/crc-combine.ts'
import { fullObjectChecksum, multipartEtag, type PartCrc } from './checksums/multipart-digests.ts'
import { objectBytesMax, partBytesMin } from './limits.ts'
import { defaultUploadChecksum, type UploadChecksum } from './multipart-checksum.ts'
import { S3Error } from './s3-error.ts'
import type { NamedPart } from './xml/read-complete-multipart-upload.ts'

/** A part as it was uploaded. Fits `Part` of the metadata records. */
export type StoredPart = {
  readonly number: number
  /** Bytes. */
  readonly size: number
  /** Hex MD5. */
  readonly etag: string
  readonly crc32: number
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
  /** In Base64, where it is not `checksum`. */
  readonly crc64nvme?: string
}

export type ObjectChecksum = UploadChecksum & { readonly value: string }

/** The object that an upload becomes. */
export type CompletedObject = {
  readonly parts: readonly StoredPart[]
  readonly size: number
  /** `<md5>-<parts>`. */
  readonly etag: string
  readonly crc32: number
  readonly checksum: ObjectChecksum
}

export type Completion = {
  readonly uploadId: string
  /** What the upload asked for at its creation. */
  readonly checksum: UploadChecksum | undefined
  readonly named: readonly NamedPart[]
  /** The parts uploaded, by number. */
  readonly stored: ReadonlyMap<number, StoredPart>
}

/**
 * Throws `InvalidPart`, `InvalidRequest` for a part named without the checksum it must have,
 * `EntityTooSmall`, `EntityTooLarge`.
 */
export function completeParts(completion: Completion): CompletedObject {
  const parts = completion.named.map((named) => matchPart(named, completion))
  checkSizes(parts)
  let size = 0
  let crc32 = 0
  for (const part of parts) {
    size += part.size
    crc32 = combineCrc32(crc32, part.crc32, part.size)
  }
  if (size > objectBytesMax) {
    throw new S3Error('EntityTooLarge', {
      ProposedSize: `${size}`,
      MaxSizeAllowed: `${objectBytesMax}`,
    })
  }
  return {
    parts,
    size,
    etag: multipartEtag(parts.map((part) => part.etag)),
    crc32,
    checksum: checksumOf({ parts, crc32, asked: completion.checksum }),
  }
}

/** Throws `InvalidPartOrder` unless the numbers rise. */
export function checkPartOrder(named: readonly NamedPart[], uploadId: string): void {
  let last = 0
  for (const part of named) {
    if (part.number <= last) throw new S3Error('InvalidPartOrder', partDetails(part, uploadId))
    last = part.number
  }
}

/** The error for a part that is not there, or is not the one named. */
export function invalidPart(part: { number: number; etag: string }, uploadId: string): S3Error {
  return new S3Error('InvalidPart', partDetails(part, uploadId))
}

function partDetails(part: { number: number; etag: string }, uploadId: string) {
  return { UploadId: uploadId, PartNumber: `${part.number}`, ETag: part.etag }
}

function matchPart(named: NamedPart, completion: Completion): StoredPart {
  const stored = completion.stored.get(named.number)
  if (stored === undefined || stored.etag !== named.etag.toLowerCase()) {
    throw invalidPart(named, completion.uploadId)
  }
  checkNamedChecksums(named, stored, completion)
  return stored
}

function checkNamedChecksums(named: NamedPart, stored: StoredPart, completion: Completion): void {
  const asked = completion.checksum
  if (asked?.type === 'COMPOSITE' && named.checksums[asked.algorithm] === undefined) {
    throw new S3Error(
      'InvalidRequest',
      {},
      {
        message: `The upload was created using a ${asked.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${named.number} in the request.`,
      },
    )
  }
  for (const [name, value] of Object.entries(named.checksums)) {
    const known = partChecksum(stored, name)
    // An upload that asked for no checksum takes parts with any; not all of them are kept.
    if (known === undefined && asked === undefined) continue
    if (known !== value) throw invalidPart(named, completion.uploadId)
  }
}

/** What is known of one algorithm, in Base64. Every part has its CRC-32. */
export function partChecksum(
  part: Pick<StoredPart, 'checksum' | 'crc32' | 'crc64nvme'>,
  algorithm: string,
): string | undefined {
  if (part.checksum?.algorithm === algorithm) return part.checksum.value
  if (algorithm === 'CRC64NVME') return part.crc64nvme
  return algorithm === 'CRC32' ? crc32Digest(part.crc32).toString('base64') : undefined
}

/** All but the last must have 5 MiB. */
function checkSizes(parts: readonly StoredPart[]): void {
  const small = parts.slice(0, -1).find((part) => part.size < partBytesMin)
  if (small === undefined) return
  throw new S3Error('EntityTooSmall', {
    ProposedSize: `${small.size}`,
    MinSizeAllowed: `${partBytesMin}`,
    PartNumber: `${small.number}`,
    ETag: small.etag,
  })
}

type Combination = {
  readonly parts: readonly StoredPart[]
  /** Of all parts together. */
  readonly crc32: number
  readonly asked: UploadChecksum | undefined
}

function checksumOf({ parts, crc32, asked }: Combination): ObjectChecksum {
  if (asked?.type === 'COMPOSITE') {
    const { algorithm } = asked
    const digests = parts.map((part) => digestOf(part, algorithm))
    return { ...asked, value: `${digestOfDigests(algorithm, digests)}-${parts.length}` }
  }
  const { algorithm, type } = asked ?? defaultUploadChecksum
  const value = wholeChecksum(parts, algorithm)
  if (value !== undefined) return { algorithm, type, value }
  assert(asked === undefined, `parts without the ${algorithm} that their upload asked for`)
  // Some part was stored before the default was kept of all of them. CRC-32 is known of every part.
  return { algorithm: 'CRC32', type, value: crc32Digest(crc32).toString('base64') }
}

/** FULL_OBJECT, in Base64. Nothing where it does not follow from what is known of the parts. */
export function wholeChecksum(
  parts: readonly StoredPart[],
  algorithm: ChecksumAlgorithm,
): string | undefined {
  if (!isCrc(algorithm)) return undefined
  const pieces: PartCrc[] = []
  for (const part of parts) {
    const known = partChecksum(part, algorithm)
    if (known === undefined) return undefined
    pieces.push({ digest: Buffer.from(known, 'base64'), size: part.size })
  }
  return fullObjectChecksum(algorithm, pieces)
}

/** In Base64. CRC-64 is not here: it has no COMPOSITE form. */
function digestOfDigests(algorithm: ChecksumAlgorithm, digests: readonly Buffer[]): string {
  const joined = Buffer.concat(digests)
  switch (algorithm) {
    case 'CRC32':
      return crc32Digest(crc32Of(joined)).toString('base64')
    case 'CRC32C':
      return crc32Digest(crc32cOf(joined)).toString('base64')
    case 'SHA1':
      return createHash('sha1').update(joined).digest('base64')
    case 'SHA256':
      return createHash('sha256').update(joined).digest('base64')
    case 'CRC64NVME':
      return assert.fail('a composite CRC64NVME')
    default:
      return algorithm satisfies never
  }
}

function digestOf(part: StoredPart, algorithm: ChecksumAlgorithm): Buffer {
  const value = partChecksum(part, algorithm)
  assert(value !== undefined, `part ${part.number} has no ${algorithm}`)
  return Buffer.from(value, 'base64')
}

function crc32Digest(crc32: number): Buffer {
  const digest = Buffer.allocUnsafe(4)
  digest.writeUInt32BE(crc32)
  return digest
}
