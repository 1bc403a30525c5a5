// Chunks as a sealer would hand them over: frames with right CRCs around bytes drawn from a seed. A
// store has no keys, so nothing here is encrypted.
import { crc32c } from '@node-rs/crc32'
import type { BlobState, BlobStore, SealedChunk } from '../../datanode/blob-store.ts'
import {
  type BlobRef,
  blockBytes,
  blockCount,
  chunkIdBytes,
  parseChunkId,
  parseGeneration,
  tagBytes,
} from '../../protocol/chunks/chunk-ref.ts'
import type { SeededRandom } from '../simulation/datanode-random.ts'

export type TestChunk = SealedChunk & { readonly frames: Buffer }

export function testRef(random: SeededRandom): BlobRef {
  return {
    id: parseChunkId(random.bytes(chunkIdBytes)),
    generation: parseGeneration(random.bytes(6).readUIntLE(0, 6)),
  }
}

/** `length` plaintext bytes. */
export function testChunk(random: SeededRandom, length: number): TestChunk {
  return chunkOf(testRef(random), { random, length })
}

export function chunkOf(
  ref: BlobRef,
  { random, length }: { random: SeededRandom; length: number },
): TestChunk {
  const pieces: Buffer[] = []
  for (let block = 0; block < blockCount(length); block += 1) {
    const plain = Math.min(blockBytes, length - block * blockBytes)
    const sealed = random.bytes(plain + tagBytes)
    const crc = Buffer.alloc(4)
    crc.writeUInt32LE(crc32c(sealed))
    pieces.push(Buffer.concat([sealed, crc]))
  }
  return { ref, length, pieces, frames: Buffer.concat(pieces) }
}

/** The whole chunk as a range. */
export function wholeOf({ length }: { length: number }) {
  return { first: 0, count: blockCount(length), length }
}

/** What a store knows of one chunk. */
export async function stateOf(
  store: Pick<BlobStore, 'hasMany'>,
  ref: BlobRef,
): Promise<BlobState | undefined> {
  return (await store.hasMany([ref]))[0]
}
