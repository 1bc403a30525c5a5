// How a chunk gets its name: BLAKE3 of the plaintext, keyed per tenant, so that an id tells nothing
// about the content to whoever lacks the key, and equal content of two tenants has two names.
import { Blake3Hasher } from '@napi-rs/blake-hash'
import type { ChunkKeys } from './chunk-keys.ts'
import { type ChunkId, parseChunkId } from './chunk-ref.ts'

/** Names a chunk whose plaintext comes in pieces. */
export type ChunkNamer = { update(bytes: Uint8Array): void; name(): ChunkId }

export function nameChunk(keys: Pick<ChunkKeys, 'idKey'>): ChunkNamer {
  const hasher = Blake3Hasher.newKeyed(keys.idKey)
  return {
    update: (bytes) => void hasher.update(bytes),
    name: () => parseChunkId(hasher.digestBuffer()),
  }
}

/** The id of a chunk whose plaintext is at hand. */
export function chunkIdOf(keys: Pick<ChunkKeys, 'idKey'>, plaintext: Uint8Array): ChunkId {
  return parseChunkId(Blake3Hasher.newKeyed(keys.idKey).update(plaintext).digestBuffer())
}
