// Sealing of data small enough to be kept in metadata. No deduplication here, so a random nonce does;
// a random choice among 256 keys lets a tenant seal 2^40 objects before nonces are worn out
// (NIST SP 800-38D section 8.3 allows 2^32 a key).
// Layout: format (1 byte) | key number (1) | nonce (12) | ciphertext | tag (16). No plaintext seals to no bytes.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { ChunkKeys } from './chunk-keys.ts'
import { tagBytes } from './chunk-ref.ts'
import type { RandomBytes } from './new-generation.ts'

const format = 1
const nonceBytes = 12
const headBytes = 2 + nonceBytes

/** Inline data that does not open: altered, cut, another tenant's, or of an unknown format. */
export class BadInlineData extends Error {
  override readonly name = 'BadInlineData'
}

export function sealInline(
  keys: Pick<ChunkKeys, 'inlineKeys'>,
  plaintext: Uint8Array,
  random: RandomBytes,
): Buffer {
  if (plaintext.length === 0) return Buffer.alloc(0)
  const choice = random(headBytes - 1)
  const key = keys.inlineKeys.key(choice.readUInt8(0))
  const cipher = createCipheriv('aes-256-gcm', key, choice.subarray(1))
  const sealed = cipher.update(plaintext)
  cipher.final()
  return Buffer.concat([Buffer.of(format), choice, sealed, cipher.getAuthTag()])
}

/** The plaintext. Throws `BadInlineData`. */
export function openInline(keys: Pick<ChunkKeys, 'inlineKeys'>, sealed: Uint8Array): Buffer {
  if (sealed.length === 0) return Buffer.alloc(0)
  if (sealed[0] !== format || sealed.length <= headBytes + tagBytes) {
    throw new BadInlineData(`inline data of format ${sealed[0]}, ${sealed.length} bytes`)
  }
  const tagAt = sealed.length - tagBytes
  const key = keys.inlineKeys.key(sealed[1] ?? 0)
  const nonce = sealed.subarray(2, headBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAuthTag(sealed.subarray(tagAt))
  const plaintext = decipher.update(sealed.subarray(headBytes, tagAt))
  try {
    decipher.final()
  } catch (cause) {
    throw new BadInlineData('inline data does not open', { cause })
  }
  return plaintext
}
