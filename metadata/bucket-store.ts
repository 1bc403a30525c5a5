// PORT: buckets, each with a name in a namespace and an owner. Part of `metadata-store.ts`, whose head holds here
// too. A bucket's row lies under (namespace, name), and it alone says whether a name is taken. The index of
// owners may lag behind a creation or deletion that was cut off: it is written before the row and removed
// after it, and `list` leaves out what has no row, or another owner's.
import type { ConfigDocuments } from './bucket-config-kinds.ts'
import type { BucketRef, NoSuchBucket } from './metadata-store.ts'
import type { Namespace } from './namespaces.ts'
import type { Bucket, TenantId, VersioningStatus } from './records.ts'

export type NewBucket = Omit<Bucket, 'id' | 'versioning' | 'configRevision'> & {
  /** What is set of it from the first moment on. */
  readonly configs?: Partial<ConfigDocuments>
}

export interface BucketStore {
  /** `exists`: the bucket that has the name there, whoever owns it; nothing was changed. */
  create(
    bucket: NewBucket,
  ): Promise<{ is: 'created'; bucket: Bucket } | { is: 'exists'; bucket: Bucket }>
  get(namespace: Namespace, name: string): Promise<Bucket | undefined>
  /**
   * Only when no version and no delete marker is left. Its uploads under way are aborted by a task, later.
   * `busy`: what went on in the bucket did not let it decide; nothing was changed. Safe to repeat.
   *
   * No version that was ever acknowledged may be in a bucket that is gone. An engine with the bucket's row
   * and its objects in one transaction has that for nothing. One that shards does it in steps, each
   * of one place (`test/simulation/bucket-deletion-model.ts` tries all their orders):
   * - it looks on each shard, so that a bucket in use is never marked in vain; marks the row as *deleting*,
   *   with a mark of its own; looks on each shard again; removes the row if the mark is still there
   *   (`busy` otherwise), or takes the mark away;
   * - a commit looks at the row once more when it has written, before it answers. A mark it takes away,
   *   which ends that deletion; if the row is gone, it removes what it has written: `noSuchBucket`.
   *
   * A bucket that is marked is there, for all verbs: a mark that a crash has left stands in nobody's way,
   * and the next commit or deletion takes it. What a commit that died has left under the id of a bucket
   * that is gone, the same task removes that aborts uploads.
   */
  delete(
    bucket: BucketRef,
  ): Promise<{ is: 'deleted' } | { is: 'notEmpty' } | { is: 'busy' } | NoSuchBucket>
  /** Those that a tenant owns in a namespace, in byte order of the names. `after` is exclusive. */
  list(
    tenantId: TenantId,
    page: { namespace: Namespace; prefix: string; after?: string; limit: number },
  ): Promise<{ buckets: readonly Bucket[]; isTruncated: boolean }>
  setVersioning(
    bucket: BucketRef,
    status: Exclude<VersioningStatus, 'off'>,
  ): Promise<{ is: 'done' } | NoSuchBucket>
}
