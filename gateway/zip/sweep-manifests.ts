// Removes manifests that were not used for their whole life, and what a process that died in the middle
// of a freeze or of a removal has left.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { removeManifest } from './manifest-cache.ts'
import { abandonedAfterMs, manifestLifeMs } from './zip-limits.ts'

const sweptAtOnce = 100

/** One pass; answers whether there may be more. */
export async function sweepManifests(
  metadata: Pick<MetadataStore, 'manifests' | 'leases'>,
  options: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<'again' | 'idle'> {
  const usedBeforeMs = options.nowMs - manifestLifeMs
  const openBeforeMs = options.nowMs - abandonedAfterMs
  const page = { usedBeforeMs, openBeforeMs, limit: sweptAtOnce }
  const stale = await metadata.manifests.stale(page)
  for (const manifestId of stale) {
    if (options.signal.aborted) return 'idle'
    await removeManifest(metadata, manifestId)
  }
  return stale.length === sweptAtOnce ? 'again' : 'idle'
}
