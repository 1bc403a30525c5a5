// From the name that a request gives to the bucket. Every tenant is of the shared namespace so far, and
// reaches what it owns there.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace, type Namespace } from '../../metadata/namespaces.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'

/** Where a tenant's requests look names up. */
export function namespaceOf(_tenantId: TenantId): Namespace {
  return defaultNamespace
}

export async function findBucket(
  { buckets }: Pick<MetadataStore, 'buckets'>,
  tenantId: TenantId,
  name: string,
): Promise<Bucket | undefined> {
  const bucket = await buckets.get(namespaceOf(tenantId), name)
  return bucket?.tenantId === tenantId ? bucket : undefined
}
