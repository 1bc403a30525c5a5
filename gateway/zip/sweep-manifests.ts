// Removes manifests: those that were not used for their whole life, what a process that died in the middle of
// a freeze or of a removal has left, and, when space is short, idle ones, so that what they hold back is released.
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import { archivePurpose, removeManifest } from './manifest-cache.ts'
import { abandonedAfterMs, idleAfterMs, manifestLifeMs } from './zip-limits.ts'

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

const leasesPerPage = 500

/**
 * Gives up frozen archives that nobody reads. Those of bundles and archive jobs are used until a time that was
 * promised, and stay. Those unused for longest first, at most `limit`, and none that holds nothing back. Answers how many.
 * A download that is resumed later finds its archive gone, as if that had lived its time.
 */
export async function dropIdleArchives(
  metadata: Pick<MetadataStore, 'manifests' | 'leases'>,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<number> {
  const idle: Manifest[] = []
  let after: { readonly after?: string } = {}
  for (;;) {
    const page = { ...after, limit: leasesPerPage }
    const leaseIds = await metadata.leases.holding(archivePurpose, page)
    for (const leaseId of leaseIds) {
      const manifestId = parseManifestId(leaseId)
      const manifest = manifestId && (await metadata.manifests.get(manifestId))
      if (manifest !== undefined && manifest.usedMs < nowMs - idleAfterMs) idle.push(manifest)
    }
    const last = leaseIds.at(-1)
    if (last === undefined || leaseIds.length < leasesPerPage) break
    after = { after: last }
  }
  idle.sort((a, b) => a.usedMs - b.usedMs)
  const dropped = idle.slice(0, limit)
  for (const { manifestId } of dropped) await removeManifest(metadata, manifestId)
  return dropped.length
}
