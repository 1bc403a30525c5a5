// The ETag of a completed multipart upload, and its checksum in both types, from those of its parts.
import { createHash } from 'node:crypto'
import type { ChecksumAlgorithm, CrcAlgorithm } from './checksum-algorithm.ts'
import { combineCrcs } from './crc-combine.ts'
import type { Checksums } from './streaming-digest.ts'

/** `<MD5 of the parts' MD5s, in hex>-<number of parts>`, without quotes. `partMd5s` are hex ETags of parts. */
export function multipartEtag(partMd5s: readonly string[]): string {
  const md5 = createHash('md5')
  for (const hex of partMd5s) md5.update(hex, 'hex')
  return `${md5.digest('hex')}-${partMd5s.length}`
}

/** COMPOSITE: the digest of the concatenated part digests, then `-` and their number. */
export function compositeChecksum(
  checksums: Checksums,
  algorithm: ChecksumAlgorithm,
  parts: readonly Uint8Array[],
): string {
  const digest = checksums.createDigest(algorithm)
  for (const part of parts) digest.update(part)
  return `${digest.digest().toString('base64')}-${parts.length}`
}

export type PartCrc = { readonly digest: Uint8Array; readonly size: number }

/** FULL_OBJECT: what the algorithm would give over all parts' bytes, in Base64. No byte is read again. */
export function fullObjectChecksum(algorithm: CrcAlgorithm, parts: readonly PartCrc[]): string {
  return combineCrcs(algorithm, parts).toString('base64')
}
