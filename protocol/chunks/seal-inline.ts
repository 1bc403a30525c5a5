// Sealing of data small enough to be kept in metadata. No deduplication here, so a random salt makes
// the key, and with a key of its own each the nonce may be fixed:
// format (1 byte) | salt (16) | ciphertext | tag (16). No plaintext seals to no bytes at all.
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { type ChunkKeys, hkdfExpand } from './chunk-keys.ts'
import { tagBytes } from './chunk-ref.ts'
import type { RandomBytes } from './new-generation.ts'

const format = 1
const saltBytes = 16
const headBytes = 1 + saltBytes
const nonce = Buffer.alloc(12)

/** Inline data that does not open: altered, cut, another tenant's, or of an unknown format. */
export class BadInlineData extends Error {
  override readonly name = 'BadInlineData'
}

export function sealInline(
  keys: Pick<ChunkKeys, 'inlineKey'>,
  plaintext: Uint8Array,
  random: RandomBytes,
): Buffer {
  if (plaintext.length === 0) return Buffer.alloc(0)
  const salt = random(saltBytes)
  const cipher = createCipheriv('aes-256-gcm', inlineKey(keys, salt), nonce)
  const sealed = cipher.update(plaintext)
  cipher.final()
  return Buffer.concat([Buffer.of(format), salt, sealed, cipher.getAuthTag()])
}

/** The plaintext. Throws `BadInlineData`. */
export function openInline(keys: Pick<ChunkKeys, 'inlineKey'>, sealed: Uint8Array): Buffer {
  if (sealed.length === 0) return Buffer.alloc(0)
  if (sealed[0] !== format || sealed.length <= headBytes + tagBytes) {
    throw new BadInlineData(`inline data of format ${sealed[0]}, ${sealed.length} bytes`)
  }
  const tagAt = sealed.length - tagBytes
  const key = inlineKey(keys, sealed.subarray(1, headBytes))
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

function inlineKey(keys: Pick<ChunkKeys, 'inlineKey'>, salt: Uint8Array): KeyObject {
  return createSecretKey(hkdfExpand(keys.inlineKey, 'holdfast inline 1', salt))
}
