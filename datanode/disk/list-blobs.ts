// Pages through the chunks in the index, which has them in the order of their ids, leaving out those that are
// so new that their upload may still be under way. That only saves work: the orphan sweep's safety does not
// rest on it.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { BlobPage, ListedBlobs } from '../blob-node.ts'
import { type ChunkIndex, chunkKey, parseChunkKey } from './chunk-index.ts'
import type { SegmentId } from './segment-format.ts'

/** Looked at in one call at most, for each chunk asked for. */
const looksPerBlob = 8

export function listBlobs(
  index: ChunkIndex,
  page: ListedBlobs & { readonly nowMs: number },
): BlobPage {
  const epoch = Number(index.remembered('epoch') ?? '0')
  const newestSec = Math.floor((page.nowMs - page.minAgeMs) / 1000) - 1
  const earlier = new Map<SegmentId, boolean>()
  const fromEarlierLife = (id: SegmentId): boolean => {
    const known = earlier.get(id) ?? (index.segment(id)?.epoch ?? epoch) < epoch
    earlier.set(id, known)
    return known
  }
  const blobs: BlobRef[] = []
  let after = page.after === undefined ? undefined : parseChunkKey(Buffer.from(page.after, 'hex'))
  for (let looks = 0; looks < looksPerBlob; looks += 1) {
    const wanted = page.limit - blobs.length
    const found = index.page(after, wanted)
    for (const { ref, place } of found) {
      after = ref
      if (place.writtenSec <= newestSec || fromEarlierLife(place.segment)) blobs.push(ref)
    }
    if (found.length < wanted) return { blobs }
    if (blobs.length >= page.limit) break
  }
  return after === undefined ? { blobs } : { blobs, next: chunkKey(after).toString('hex') }
}
