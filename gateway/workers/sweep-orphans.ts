// Finds chunks that were stored and never committed: a process died between the two. Metadata is told
// first that they will go, so that no late commit can still claim them.
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { ChunkCatalog } from '../../metadata/metadata-store.ts'

const pageSize = 500

/** One pass over the store; answers how many chunks were removed. `minAgeMs` only saves work. */
export async function sweepOrphans(
  stores: { readonly blobs: BlobStore; readonly chunks: ChunkCatalog },
  options: { readonly minAgeMs: number; readonly signal: AbortSignal },
): Promise<number> {
  let removed = 0
  let after: string | undefined
  do {
    const page = await stores.blobs.list({
      limit: pageSize,
      minAgeMs: options.minAgeMs,
      ...(after === undefined ? {} : { after }),
    })
    const orphans = await stores.chunks.condemnOrphans(page.blobs)
    if (orphans.length > 0) await stores.blobs.delete(orphans)
    removed += orphans.length
    after = page.next
  } while (after !== undefined && !options.signal.aborted)
  return removed
}
