// PORT: how much buckets and tenants hold. Part of `metadata-store.ts`, whose head holds here too. Counted with each change, in its
// transaction, and never by a scan: what is answered is exact at one moment, which is not before the call. Why it can be, and
// what it costs: `docs/decisions/0047-usage-is-counted-with-the-change.md`.
//
// A version counts from its commit until it is removed from sight, whatever a lease still holds back and whatever is still to be
// released. Nothing here decides what may be deleted: that is asked of the rows themselves.
import type { BucketRef } from './metadata-store.ts'
import type { TenantId } from './records.ts'
import type { Usage } from './usage.ts'

export type TenantUsage = Usage & {
  /** Those that the server keeps for itself on behalf of the tenant aside. */
  readonly buckets: number
}

export interface UsageStore {
  /** Of a bucket that is gone: nothing of anything. Costs the same whatever is in it. */
  ofBucket(bucket: BucketRef): Promise<Usage>
  /** Of all buckets of a tenant, the hidden ones too: what is gathered there takes room as well. Costs as many rows as it has buckets. */
  ofTenant(tenantId: TenantId): Promise<TenantUsage>
  /**
   * In the background, of all shards: adds to the counts what commits have noted beside what they changed, at most
   * about `limit` notes; answers how many. 0: none was left, or the engine counts at once and leaves no notes. Answers of the
   * other verbs are the same before and after.
   */
  fold(limit: number): Promise<number>
}
