// Names of chunks on the wire: id, then generation, 38 bytes each.
import { type BlobRef, chunkIdBytes, parseChunkId, parseGeneration } from '../chunks/chunk-ref.ts'
import { BadBlobMessage } from './checked-head.ts'

const generationBytes = 6
export const wireRefBytes = chunkIdBytes + generationBytes

export function writeRef(ref: BlobRef, bytes: Buffer, at: number): void {
  bytes.set(ref.id, at)
  bytes.writeUIntBE(ref.generation, at + chunkIdBytes, generationBytes)
}

/** The id is a view of `bytes`. */
export function refAt(bytes: Buffer, at: number): BlobRef {
  return {
    id: parseChunkId(bytes.subarray(at, at + chunkIdBytes)),
    generation: parseGeneration(bytes.readUIntBE(at + chunkIdBytes, generationBytes)),
  }
}

export function encodeRefs(refs: readonly BlobRef[]): Buffer {
  const bytes = Buffer.allocUnsafe(refs.length * wireRefBytes)
  for (const [index, ref] of refs.entries()) writeRef(ref, bytes, index * wireRefBytes)
  return bytes
}

/** Keeps nothing of `head`. Throws `BadBlobMessage`. */
export function parseRefs(head: Buffer, refsMax: number): readonly BlobRef[] {
  const count = head.length / wireRefBytes
  if (!Number.isInteger(count) || count > refsMax) {
    throw new BadBlobMessage(`${head.length} bytes are not the names of up to ${refsMax} chunks`)
  }
  const own = Buffer.from(head)
  return Array.from({ length: count }, (_, index) => refAt(own, index * wireRefBytes))
}
