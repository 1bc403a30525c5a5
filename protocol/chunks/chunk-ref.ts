// What names a chunk and the geometry of its sealed form. A chunk is a run of plaintext, at most
// `chunkBytesMax` long, of one tenant. Sealing itself is in `seal-chunk.ts`.

/** 32 bytes: keyed BLAKE3 of the plaintext under the tenant's id key. Equal content, equal id. */
export type ChunkId = Buffer & { readonly __brand: 'ChunkId' }

/**
 * Tells one physical life of a chunk id from the next: 48 random bits, drawn anew for every upload
 * of the chunk, so that a deletion of an old life can never hit a new one.
 */
export type Generation = number & { readonly __brand: 'Generation' }

/** The name a data node knows: it holds no other. */
export type BlobRef = { readonly id: ChunkId; readonly generation: Generation }

/** One chunk as an object's chunk list holds it. */
export type ChunkRef = BlobRef & {
  /** Plaintext bytes, 1 to `chunkBytesMax`. */
  readonly length: number
  /** CRC-32 (IEEE, as zip uses it) of the plaintext. */
  readonly crc32: number
}

export const chunkIdBytes = 32
/** Plaintext bytes a chunk holds at most. */
export const chunkBytesMax = 4 * 1024 * 1024
/** Plaintext bytes of a block, the unit of encryption and of range reads. The last may be shorter. */
export const blockBytes = 64 * 1024
export const tagBytes = 16
export const blockCrcBytes = 4
/** A frame is a sealed block: ciphertext, GCM tag, CRC-32C (little endian) of both. */
export const frameBytesMax = blockBytes + tagBytes + blockCrcBytes

/** A run of frames of a chunk of `length` plaintext bytes. */
export type FrameRange = { readonly first: number; readonly count: number; readonly length: number }

/** Number of blocks, and so of frames, of a chunk with `length` plaintext bytes. */
export function blockCount(length: number): number {
  return Math.ceil(length / blockBytes)
}

/** Bytes of all frames of a chunk with `length` plaintext bytes. */
export function sealedBytes(length: number): number {
  return length + blockCount(length) * (tagBytes + blockCrcBytes)
}

export function sameBlob(a: BlobRef, b: BlobRef): boolean {
  return a.generation === b.generation && a.id.equals(b.id)
}

export function parseChunkId(bytes: Buffer): ChunkId {
  if (bytes.length !== chunkIdBytes) throw new RangeError(`a chunk id of ${bytes.length} bytes`)
  return bytes as ChunkId
}

export function parseGeneration(value: number): Generation {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`generation ${value}`)
  return value as Generation
}
