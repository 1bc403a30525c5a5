// Gives up frozen archives that nobody reads, so that what they hold back is released: for when space is
// short. Those of bundles and archive jobs are used until a time that was promised, and stay.
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import { archivePurpose, removeManifest } from './manifest-cache.ts'
import { idleAfterMs } from './zip-limits.ts'

const leasesPerPage = 500

/**
 * Those unused for longest first, at most `limit`, and none that holds nothing back. Answers how many.
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
