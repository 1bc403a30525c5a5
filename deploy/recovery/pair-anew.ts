// Makes metadata and chunks that did not match each other's: both note a life that is later than all that
// either of them, or any segment, has noted before. For recovery and restore, on the operator's word.
import type { LineageStore } from '../../metadata/lineage-store.ts'
import { beginLife, drawIds } from '../stores/lineage-keeper.ts'
import type { Found } from '../stores/pair-stores.ts'

export async function pairAnew(
  dataDirectory: string,
  {
    metadata,
    marker,
    chunks: { note, origins },
  }: Pick<Found, 'marker' | 'chunks'> & { readonly metadata: { readonly lineage: LineageStore } },
): Promise<void> {
  const catalog = await metadata.lineage.get()
  const noted = [catalog, note].filter((each) => each !== undefined)
  const seen = [...noted, ...origins]
  const { storeId, life } = drawIds()
  // As if a life had just ended in which both knew everything.
  const before = {
    storeId: seen[0]?.storeId ?? storeId,
    epoch: Math.max(0, ...seen.map(({ epoch }) => epoch)) + 1,
    mark: Math.max(0, ...seen.map(({ mark }) => mark)) + 1,
    life,
    previousLife: undefined,
    isPaired: true,
  }
  const keeper = await beginLife(dataDirectory, { metadata, marker, before })
  await keeper.close()
}
