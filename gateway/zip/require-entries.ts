// Whoever may not read all that an archive holds gets none of it: a zip in which files are missing would be
// taken for a whole one. Lists are frozen for all who ask, so each request asks for itself.
import type { Manifest, ManifestStore } from '../../metadata/manifest-store.ts'
import { type AllowsKey, requireKeys } from '../access/require.ts'
import { placedPages } from './manifest-entries.ts'

/** Entries without bytes give nothing away but their names. Throws `AccessDenied`. */
export async function requireEntries(
  manifests: Pick<ManifestStore, 'pageAt'>,
  manifest: Manifest,
  allows: AllowsKey | undefined,
): Promise<void> {
  if (allows === undefined || manifest.entries === 0) return
  for await (const page of placedPages(manifests, manifest, { offset: 0 })) {
    const sources = page.flatMap(({ entry }) => entry.source ?? [])
    await requireKeys(allows, sources)
  }
}
