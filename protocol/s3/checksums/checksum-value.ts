// Digests as they stand in headers, trailers and XML: Base64 of an exact length.

import { S3Error } from '../s3-error.ts'
import { type ChecksumAlgorithm, checksumHeader, digestBytes } from './checksum-algorithm.ts'

/**
 * The digest in a value such as that of `x-amz-checksum-crc32`. Throws `InvalidRequest` unless it is
 * canonical Base64 of exactly the algorithm's length.
 */
export function parseChecksumValue(algorithm: ChecksumAlgorithm, raw: string): Buffer {
  const digest = parseBase64(raw, digestBytes(algorithm))
  if (digest === undefined) {
    throw new S3Error('InvalidRequest', undefined, {
      message: `Value for ${checksumHeader(algorithm)} header is invalid.`,
    })
  }
  return digest
}

export type CompositeValue = { readonly digest: Buffer; readonly parts: number }

/** A composite value, `<Base64>-<parts>`. Throws `InvalidRequest` for anything else. */
export function parseCompositeValue(algorithm: ChecksumAlgorithm, raw: string): CompositeValue {
  const dash = raw.indexOf('-')
  const parts = dash < 0 ? '' : raw.slice(dash + 1)
  if (!/^[1-9][0-9]{0,4}$/.test(parts)) {
    throw new S3Error('InvalidRequest', undefined, {
      message: `Value for ${checksumHeader(algorithm)} header is invalid.`,
    })
  }
  return { digest: parseChecksumValue(algorithm, raw.slice(0, dash)), parts: Number(parts) }
}

/** The 16 bytes of a `Content-MD5` header. Throws `InvalidDigest` unless it is Base64 of 16 bytes. */
export function parseContentMd5(raw: string): Buffer {
  const digest = parseBase64(raw, 16)
  if (digest === undefined) {
    throw new S3Error(
      'InvalidDigest',
      { 'Content-MD5': raw },
      {
        message: 'The Content-MD5 you specified was invalid.',
      },
    )
  }
  return digest
}

// Node's decoder skips what it does not know; only what encodes back to itself was really Base64.
function parseBase64(raw: string, bytes: number): Buffer | undefined {
  if (raw.length !== Math.ceil(bytes / 3) * 4) return undefined
  const decoded = Buffer.from(raw, 'base64')
  return decoded.length === bytes && decoded.toString('base64') === raw ? decoded : undefined
}
