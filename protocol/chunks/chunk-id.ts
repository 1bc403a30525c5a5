// How a chunk gets its name: BLAKE3 of the plaintext, keyed per tenant, so that an id tells nothing
// about the content to whoever lacks the key, and equal content of two tenants has two names.
import { Blake3Hasher } from '@napi-rs/blake-hash'
import { type ChunkId, parseChunkId } from './chunk-ref.ts'

/** Names one chunk whose plaintext comes in pieces; done with after `name` or `drop`. */
export interface ChunkNamer {
  update(bytes: Uint8Array): void
  name(): ChunkId
  drop(): void
}

/** Begins to name a chunk. */
export function nameChunk(keys: { readonly names: ChunkNames }): ChunkNamer {
  return keys.names.begin()
}

/** The id of a chunk whose plaintext is at hand. */
export function chunkIdOf(keys: { readonly names: ChunkNames }, plaintext: Uint8Array): ChunkId {
  const namer = nameChunk(keys)
  namer.update(plaintext)
  return namer.name()
}

/** Kept for the next chunk: making one costs several times what hashing 4 KiB does. */
const spareHashersMax = 16

/** Gives a tenant's chunks their names. */
export class ChunkNames {
  private readonly idKey: Buffer
  private readonly spare: Blake3Hasher[] = []

  /** `idKey`: 32 bytes. */
  constructor(idKey: Buffer) {
    this.idKey = idKey
  }

  begin(): ChunkNamer {
    const hasher = this.spare.pop() ?? Blake3Hasher.newKeyed(this.idKey)
    return {
      update: (bytes) => void hasher.update(bytes),
      name: () => {
        const id = parseChunkId(hasher.digestBuffer())
        this.keep(hasher)
        return id
      },
      drop: () => this.keep(hasher),
    }
  }

  private keep(hasher: Blake3Hasher): void {
    if (this.spare.length >= spareHashersMax) return
    hasher.reset()
    this.spare.push(hasher)
  }
}
