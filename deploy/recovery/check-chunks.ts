// How a check reads chunks: all of their bytes, and what they hold when there is a key to open them.
import { crc32 } from '@node-rs/crc32'
import type { BlobNode } from '../../datanode/blob-node.ts'
import type { ReferenceCheck } from '../../metadata/lmdb/verify-references.ts'
import type { TenantId } from '../../metadata/records.ts'
import { type ChunkKeys, chunkKey } from '../../protocol/chunks/chunk-keys.ts'
import { blockCount, type ChunkRef } from '../../protocol/chunks/chunk-ref.ts'
import { BadFrame, openFrames } from '../../protocol/chunks/open-frames.ts'

const blobPage = 500
/** Every chunk is older than this. */
const anyAgeMs = -60_000

type Keys = Pick<ChunkKeys, 'dataKey'>

/** `keysOf`: a tenant's keys, if they are to be had. */
export function chunkChecks(
  blobs: Pick<BlobNode, 'read' | 'list'>,
  keysOf: (tenantId: TenantId) => Keys | undefined,
): Pick<ReferenceCheck, 'readChunk' | 'storedBlobs'> {
  return {
    readChunk: async (ref, tenantId) => {
      const range = { first: 0, count: blockCount(ref.length), length: ref.length }
      const read = await blobs.read(ref, range)
      if (read.is !== 'found') return `is ${read.is}`
      const keys = tenantId && keysOf(tenantId)
      return keys === undefined ? undefined : openWhole(keys, ref, read.frames)
    },
    storedBlobs: () => pagesOf(blobs),
  }
}

async function* pagesOf(blobs: Pick<BlobNode, 'list'>) {
  let after: string | undefined
  do {
    const page = await blobs.list({ limit: blobPage, minAgeMs: anyAgeMs, after })
    yield page.blobs
    after = page.next
  } while (after !== undefined)
}

/** What is wrong with a chunk; `undefined`: nothing. */
function openWhole(keys: Keys, ref: ChunkRef, frames: Buffer): string | undefined {
  const { id, length } = ref
  const whole = { first: 0, count: blockCount(length), length }
  try {
    const blocks = openFrames(chunkKey(keys, id), whole, frames)
    const crc = blocks.reduce((sum, block) => crc32(block, sum), 0)
    return crc === ref.crc32 ? undefined : 'holds other bytes than were stored'
  } catch (cause) {
    if (!(cause instanceof BadFrame)) throw cause
    return 'does not open'
  }
}
