// Finds chunks that lie on the disk and that metadata do not know: a process died between storing and
// committing, or the metadata are not those of these chunks' moment. They are set aside, and deleted when
// they have been so for `keepMs` of the server's running time. Metadata are told first that they will go, so
// that no late commit can still claim them.
import type { BlobNode } from '../../datanode/blob-node.ts'
import type { OrphanStore } from '../../metadata/orphan-store.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'

const pageSize = 500

export type OrphanSweep = {
  readonly removed: number
  readonly setAside: number
  /** Set aside before, and known again. */
  readonly known: number
}

/** One pass over the store. `minAgeMs` only saves work. */
export async function sweepOrphans(
  stores: { readonly node: Pick<BlobNode, 'list' | 'delete'>; readonly orphans: OrphanStore },
  options: { readonly minAgeMs: number; readonly keepMs: number; readonly signal: AbortSignal },
): Promise<OrphanSweep> {
  const { node, orphans } = stores
  const { keepMs, minAgeMs, signal } = options
  const servedMs = await orphans.served(0)
  const sum = { removed: 0, setAside: 0, known: 0 }
  let after: string | undefined
  do {
    const page = await node.list({ limit: pageSize, minAgeMs, after }, { signal })
    const { condemned, setAside, known } = await orphans.review(page.blobs, { servedMs, keepMs })
    sum.removed += await deleted(node, condemned)
    sum.setAside += setAside
    sum.known += known
    after = page.next
  } while (after !== undefined && !signal.aborted)
  if (!signal.aborted) await orphans.endPass(servedMs)
  return sum
}

/** How many are; the others, the next pass meets again. */
async function deleted(node: Pick<BlobNode, 'delete'>, refs: readonly BlobRef[]): Promise<number> {
  if (refs.length === 0) return 0
  const answer = await node.delete(refs)
  return refs.length - (answer.is === 'unavailable' ? answer.left.length : 0)
}
