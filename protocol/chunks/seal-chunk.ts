// Sealing of a chunk: AES-256-GCM per block under the chunk's own key. The nonce is the block number
// and whether it is the last one, so that blocks can be read alone, and none can be cut off, swapped
// or replayed. Deterministic: equal chunks of a tenant seal to equal bytes.
import { createCipheriv, type KeyObject } from 'node:crypto'
import { crc32c } from '@node-rs/crc32'
import { blockBytes, blockCount, blockCrcBytes, tagBytes } from './chunk-ref.ts'

const trailerBytes = tagBytes + blockCrcBytes
export const nonceBytes = 12

/** Writes the nonce of block `number` of a chunk: number and last-block flag, the rest zero. */
export function blockNonce(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(nonceBytes)
  nonce.writeUInt32BE(number, 0)
  nonce[nonceBytes - 1] = isLast ? 1 : 0
  return nonce
}

/**
 * Seals the blocks from number `first` on, of a chunk of which `length` is the whole plaintext
 * length. `plaintext` holds whole blocks, or ends where the chunk does. The frames come as pieces to
 * be written one after the other.
 */
export function sealBlocks(
  key: KeyObject,
  chunk: { readonly length: number; readonly first: number },
  plaintext: Uint8Array,
): Uint8Array[] {
  const last = blockCount(chunk.length) - 1
  const count = blockCount(plaintext.length)
  const trailers = Buffer.allocUnsafe(count * trailerBytes)
  const pieces: Uint8Array[] = []
  for (let index = 0; index < count; index += 1) {
    const number = chunk.first + index
    const block = plaintext.subarray(index * blockBytes, (index + 1) * blockBytes)
    const cipher = createCipheriv('aes-256-gcm', key, blockNonce(number, number === last))
    const sealed = cipher.update(block)
    cipher.final()
    const tag = cipher.getAuthTag()
    const trailer = trailers.subarray(index * trailerBytes, (index + 1) * trailerBytes)
    trailer.set(tag)
    trailer.writeUInt32LE(crc32c(tag, crc32c(sealed)), tagBytes)
    pieces.push(sealed, trailer)
  }
  return pieces
}

/** Seals a whole chunk; its frames one after the other are `sealedBytes(length)` long. */
export function sealChunk(key: KeyObject, plaintext: Uint8Array): Uint8Array[] {
  return sealBlocks(key, { length: plaintext.length, first: 0 }, plaintext)
}
