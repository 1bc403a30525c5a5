// The keys a tenant's chunks are named and sealed under, and how the key of one chunk follows from
// them. Where the tenant's keys come from is `gateway/keys`.
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { ChunkNames } from './chunk-id.ts'
import type { ChunkId } from './chunk-ref.ts'

export type ChunkKeys = {
  /** Holds the key under which chunks are named. */
  readonly names: ChunkNames
  /** The pseudorandom key from which every chunk's own key is expanded. */
  readonly dataKey: KeyObject
  /** The same for data kept inline in metadata. */
  readonly inlineKey: KeyObject
}

const onlyBlock = Buffer.from([1])

/**
 * The first block of HKDF-Expand with SHA-256 (RFC 5869, 2.3): 32 bytes for `info` under a
 * pseudorandom key.
 */
export function hkdfExpand(key: KeyObject, ...info: readonly (Uint8Array | string)[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of info) mac.update(part)
  return mac.update(onlyBlock).digest()
}

/** The AES-256 key of one chunk. As its id commits to its plaintext, no key sees two plaintexts. */
export function chunkKey(keys: Pick<ChunkKeys, 'dataKey'>, id: ChunkId): KeyObject {
  return createSecretKey(hkdfExpand(keys.dataKey, 'holdfast chunk 1', id))
}
