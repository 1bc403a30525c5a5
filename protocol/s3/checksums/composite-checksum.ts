// The checksum of a completed multipart upload from those of its parts, in both of its types.
import type { ChecksumAlgorithm, CrcAlgorithm } from './checksum-algorithm.ts'
import { combineCrcs } from './crc-combine.ts'
import type { Checksums } from './streaming-digest.ts'

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
