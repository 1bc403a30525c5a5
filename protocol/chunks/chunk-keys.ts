// The keys a tenant's chunks are named and sealed under, and how the key of one chunk follows from
// them. Where the tenant's keys come from is `gateway/access/keys`.
import { createSecretKey, type KeyObject } from 'node:crypto'
import type { ChunkNames } from './chunk-id.ts'
import type { ChunkId } from './chunk-ref.ts'
import { hkdfExpand } from './hkdf.ts'

export type ChunkKeys = {
  /** Holds the key under which chunks are named. */
  readonly names: ChunkNames
  /** The pseudorandom key from which every chunk's own key is expanded. */
  readonly dataKey: KeyObject
  /** For data kept inline in metadata. */
  readonly inlineKeys: InlineKeys
}

/** The AES-256 key of one chunk. As its id commits to its plaintext, no key sees two plaintexts. */
export function chunkKey(keys: Pick<ChunkKeys, 'dataKey'>, id: ChunkId): KeyObject {
  return createSecretKey(hkdfExpand(keys.dataKey, 'holdfast chunk 1', id))
}

/**
 * The keys inline data is sealed under: 256 of them a tenant, each derived once and then kept, since deriving
 * one takes longer than sealing with it.
 */
export class InlineKeys {
  private readonly root: KeyObject
  private readonly held: (KeyObject | undefined)[] = []

  /** `root` is pseudorandom, 32 bytes, and serves nothing else. */
  constructor(root: KeyObject) {
    this.root = root
  }

  /** AES-256, of number 0 to 255. */
  key(number: number): KeyObject {
    const held = this.held[number]
    if (held !== undefined) return held
    const key = createSecretKey(hkdfExpand(this.root, 'holdfast inline 1', Buffer.of(number)))
    this.held[number] = key
    return key
  }
}
