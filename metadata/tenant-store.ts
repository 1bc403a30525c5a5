// PORT: tenants and their access keys. Part of `metadata-store.ts`, whose head holds here too.
import type { AccessKey, Tenant, TenantId } from './records.ts'

export interface TenantStore {
  /**
   * Creates the tenant with its first access key, or answers `exists` and changes nothing: the tenant, or
   * somebody's key of that id, is there. Where the two lie on different shards, the key comes first: one
   * whose tenant is not there opens nothing.
   */
  create(tenant: Tenant, firstKey: AccessKey): Promise<{ is: 'created' } | { is: 'exists' }>
  get(id: TenantId): Promise<Tenant | undefined>
  /** In the order of their ids. `after` is exclusive. */
  list(page: {
    after?: TenantId
    limit: number
  }): Promise<{ tenants: readonly Tenant[]; isTruncated: boolean }>
  /** Adds or replaces an access key. `taken`: another tenant has that id. */
  putAccessKey(key: AccessKey): Promise<{ is: 'done' } | { is: 'taken' }>
  getAccessKey(accessKeyId: string): Promise<AccessKey | undefined>
}
