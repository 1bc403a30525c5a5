// All sealed manifests of a tenant, for those who count them: the quota bounds how many there are.
import type { Manifest, ManifestStore } from '../../metadata/manifest-store.ts'
import type { TenantId } from '../../metadata/records.ts'

const pageSize = 500

export async function manifestsOfTenant(
  manifests: Pick<ManifestStore, 'ofTenant'>,
  tenantId: TenantId,
): Promise<Manifest[]> {
  const found = new Map<string, Manifest>()
  let after: { readonly after?: string } = {}
  for (;;) {
    const page = await manifests.ofTenant(tenantId, { ...after, limit: pageSize })
    for (const manifest of page.manifests) found.set(manifest.manifestId, manifest)
    if (page.next === undefined) return [...found.values()]
    after = { after: page.next }
  }
}
