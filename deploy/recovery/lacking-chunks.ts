// Which chunks metadata refer to, and a chunk store does not have.
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import type { ChunkCatalog } from '../../metadata/metadata-store.ts'
import type { BlobRef, ChunkId } from '../../protocol/chunks/chunk-ref.ts'

const pageSize = 1000

export type LackingSearch = {
  readonly chunks: Pick<ChunkCatalog, 'list'>
  readonly blobs: Pick<DiskBlobStore, 'lookFor'>
  /** Told of each that is missing, or known to be bad. */
  readonly onLacking?: (ref: BlobRef) => Promise<void>
}

export async function lackingChunks({
  chunks,
  blobs,
  onLacking,
}: LackingSearch): Promise<{ readonly known: number; readonly lacking: number }> {
  let known = 0
  let lacking = 0
  let after: ChunkId | undefined
  for (;;) {
    const page = await chunks.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const ref of page) {
      if ((await blobs.lookFor(ref)) === 'good') continue
      lacking += 1
      await onLacking?.(ref)
    }
    known += page.length
    after = page.at(-1)?.id
    if (page.length < pageSize) return { known, lacking }
  }
}
