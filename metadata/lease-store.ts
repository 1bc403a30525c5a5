// PORT: leases, which keep what is deleted readable for those who still read it. What `metadata-store.ts`
// says of every verb is true here too.
import type { ChangeOptions } from './commit-id.ts'
import type { BucketId } from './records.ts'

/** Which versions a lease covers. A deletion is held back by the leases that cover it, and by no other. */
export type LeaseScope =
  /** For a moment only: until it is known what is read, and the lease is narrowed. */
  | { readonly is: 'everything' }
  /** What lies below a prefix: one row, whatever that is. */
  | { readonly is: 'prefix'; readonly bucketId: BucketId; readonly prefix: string }
  /** Whatever a key names, and has named. */
  | { readonly is: 'key'; readonly bucketId: BucketId; readonly key: string }
  /** One version. */
  | {
      readonly is: 'row'
      readonly bucketId: BucketId
      readonly key: string
      readonly rowId: string
    }

/**
 * A lease holds back the release of what it covers and what is deleted after it was taken. Until it is
 * sealed, that is also what is committed meanwhile; see `ManifestStore.seal`.
 */
export type Lease = {
  readonly leaseId: string
  readonly purpose: string
  /** Whose it is, when it is to end with him (`OwnerStore`) though it has not expired. */
  readonly owner?: string
  readonly expiresMs: number
  readonly scopes: readonly LeaseScope[]
}

/** Sharded by lease id, and what leases cover by bucket, so that a deletion finds it where it is itself. */
export interface LeaseStore {
  /**
   * Not atomic with many scopes: it covers all of them once it resolves. Taken again, it has the scopes of
   * both, is not sealed, and has the new expiry.
   */
  take(lease: Lease): Promise<void>
  /** Moves the expiry. `gone`: it has expired or was let go. */
  renew(leaseId: string, expiresMs: number): Promise<{ is: 'renewed' } | { is: 'gone' }>
  /**
   * From now on it covers these alone, still of what was deleted since it was taken. With many scopes not
   * atomic: it covers these, and what it has covered before, until it resolves.
   */
  narrow(
    lease: Pick<Lease, 'leaseId' | 'expiresMs' | 'scopes'>,
  ): Promise<{ is: 'narrowed' } | { is: 'gone' }>
  /**
   * One lease gives all that it covers and holds to another, and is gone. `gone`: one of the two was, and
   * nothing has changed.
   */
  handOver(
    leaseId: string,
    to: string,
    options?: ChangeOptions,
  ): Promise<{ is: 'handedOver' } | { is: 'gone' }>
  letGo(leaseId: string): Promise<void>
  /** Lets go of the leases of an owner that has ended; answers how many. Safe to repeat. */
  letGoOf(owner: string): Promise<number>
  /** On all shards: lets go of leases whose expiry is before `nowMs`: after this, they are gone for `renew` too. */
  expire(nowMs: number): Promise<number>
  /**
   * On all shards: the leases of a purpose that something waits for now, in the order of their ids, at most `limit`;
   * `after` is exclusive. What several of them cover waits for one, and then for the next.
   */
  holding(
    purpose: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly string[]>
}
