// PORT: tenants and their access keys. Part of `metadata-store.ts`, whose head holds here too.
import type { AccessKey, Tenant, TenantId } from './records.ts'

export type KeyUse = {
  /** Milliseconds since 1970. */
  readonly usedMs: number
  /** As IAM names it: `s3`, `iam`, `sts`. */
  readonly service: string
  readonly region: string
}

export interface TenantStore {
  /**
   * Creates the tenant with its first access key, or answers `exists` and changes nothing: the tenant, its name, or
   * somebody's key of that id, is there. Where the two lie on different shards, the key comes first: one
   * whose tenant is not there opens nothing.
   */
  create(tenant: Tenant, firstKey: AccessKey): Promise<{ is: 'created' } | { is: 'exists' }>
  get(id: TenantId): Promise<Tenant | undefined>
  byName(name: string): Promise<Tenant | undefined>
  /** In the order of their ids. `after` is exclusive. */
  list(page: {
    after?: TenantId
    limit: number
  }): Promise<{ tenants: readonly Tenant[]; isTruncated: boolean }>
  /**
   * Puts what a tenant is now in the place of what it was, of the revision before and of the same name. `changed`: that
   * is not what is there.
   */
  update(tenant: Tenant): Promise<{ is: 'done' } | { is: 'changed' } | { is: 'noSuchTenant' }>
  /** With its name. Success also when it is not there. What it has, its keys too, are others' to remove before. */
  remove(id: TenantId): Promise<void>
  /** Adds or replaces an access key. `taken`: another tenant has that id. */
  putAccessKey(key: AccessKey): Promise<{ is: 'done' } | { is: 'taken' }>
  getAccessKey(accessKeyId: string): Promise<AccessKey | undefined>
  /** Those of a tenant, in the order of their ids. `after` is exclusive. */
  listAccessKeys(
    tenantId: TenantId,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly AccessKey[]>
  /** Success also when it is not there, or another tenant's. */
  removeAccessKey(tenantId: TenantId, accessKeyId: string): Promise<void>
  /** Notes what a key was used for last, if it is there. May be lost. */
  noteKeyUse(accessKeyId: string, use: KeyUse): Promise<void>
  keyUse(accessKeyId: string): Promise<KeyUse | undefined>
}
