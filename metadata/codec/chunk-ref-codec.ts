// Chunk references as bytes: 46 each, so that a page of a list is one plain run of them.
import {
  type BlobRef,
  type ChunkRef,
  chunkIdBytes,
  parseChunkId,
  parseGeneration,
} from '../../protocol/chunks/chunk-ref.ts'
import { RecordCorrupt } from './record-frame.ts'

const generationBytes = 6
export const chunkRefBytes = chunkIdBytes + generationBytes + 4 + 4

export function encodeChunkRefs(refs: readonly ChunkRef[]): Buffer {
  const bytes = Buffer.allocUnsafe(refs.length * chunkRefBytes)
  let at = 0
  for (const ref of refs) {
    bytes.set(ref.id, at)
    bytes.writeUIntBE(ref.generation, at + 32, generationBytes)
    bytes.writeUInt32BE(ref.length, at + 38)
    bytes.writeUInt32BE(ref.crc32, at + 42)
    at += chunkRefBytes
  }
  return bytes
}

export function parseChunkRefs(bytes: Buffer): readonly ChunkRef[] {
  if (bytes.length % chunkRefBytes !== 0) {
    throw new RecordCorrupt(`chunk references: ${bytes.length} bytes`)
  }
  const refs: ChunkRef[] = []
  for (let at = 0; at < bytes.length; at += chunkRefBytes) {
    refs.push({
      id: parseChunkId(bytes.subarray(at, at + chunkIdBytes)),
      generation: parseGeneration(bytes.readUIntBE(at + 32, generationBytes)),
      length: bytes.readUInt32BE(at + 38),
      crc32: bytes.readUInt32BE(at + 42),
    })
  }
  return refs
}

/** A blob's name as one key: its id, then its generation. */
export function encodeBlobRef(blob: BlobRef): Buffer {
  const bytes = Buffer.allocUnsafe(chunkIdBytes + generationBytes)
  bytes.set(blob.id, 0)
  bytes.writeUIntBE(blob.generation, chunkIdBytes, generationBytes)
  return bytes
}

export function parseBlobRef(bytes: Buffer): BlobRef {
  if (bytes.length !== chunkIdBytes + generationBytes) {
    throw new RecordCorrupt(`a blob name of ${bytes.length} bytes`)
  }
  return {
    id: parseChunkId(bytes.subarray(0, chunkIdBytes)),
    generation: parseGeneration(bytes.readUIntBE(chunkIdBytes, generationBytes)),
  }
}
