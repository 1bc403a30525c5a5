// Makes metadata and chunks that did not match each other's: both note a life that is later than all that
// either of them, or any segment, has noted before. For recovery and restore, on the operator's word.
import type { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { beginLife, drawIds, type Found } from '../pair-stores.ts'

export async function pairAnew(
  dataDirectory: string,
  { metadata, found }: { readonly metadata: LmdbMetadataStore; readonly found: Found },
): Promise<void> {
  const { note, origins } = found.chunks
  const catalog = await metadata.lineage.get()
  const seen = [
    ...(catalog === undefined ? [] : [catalog]),
    ...(note === undefined ? [] : [note]),
    ...origins,
  ]
  const { storeId: drawn, life } = drawIds()
  // As if a life had just ended in which both knew everything.
  const lineage = {
    storeId: seen[0]?.storeId ?? drawn,
    epoch: Math.max(0, ...seen.map(({ epoch }) => epoch)) + 1,
    mark: Math.max(0, ...seen.map(({ mark }) => mark)) + 1,
    life,
    previousLife: undefined,
    isPaired: true,
  }
  const keeper = await beginLife(dataDirectory, {
    metadata,
    found,
    verdict: { is: 'same', lineage },
  })
  await keeper.close()
}
