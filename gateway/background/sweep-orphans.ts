// Finds chunks that lie on the disk and that metadata do not know: a process died between storing and
// committing, or the metadata are not those of these chunks' moment. They are set aside, and deleted when
// they have been so for `keepMs` of the server's running time. Metadata are told first that they will go, so
// that no late commit can still claim them.
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { OrphanStore } from '../../metadata/orphan-store.ts'

const pageSize = 500

export type OrphanSweep = {
  readonly removed: number
  readonly setAside: number
  /** Set aside before, and known again. */
  readonly known: number
}

/** One pass over the store. `minAgeMs` only saves work. */
export async function sweepOrphans(
  stores: { readonly blobs: BlobStore; readonly orphans: OrphanStore },
  options: { readonly minAgeMs: number; readonly keepMs: number; readonly signal: AbortSignal },
): Promise<OrphanSweep> {
  const { blobs, orphans } = stores
  const { keepMs, minAgeMs, signal } = options
  const servedMs = await orphans.served(0)
  const sum = { removed: 0, setAside: 0, known: 0 }
  let after: string | undefined
  do {
    const page = await blobs.list({
      limit: pageSize,
      minAgeMs,
      ...(after === undefined ? {} : { after }),
    })
    const { condemned, setAside, known } = await orphans.review(page.blobs, { servedMs, keepMs })
    if (condemned.length > 0) await blobs.delete(condemned)
    sum.removed += condemned.length
    sum.setAside += setAside
    sum.known += known
    after = page.next
  } while (after !== undefined && !signal.aborted)
  if (!signal.aborted) await orphans.endPass(servedMs)
  return sum
}
