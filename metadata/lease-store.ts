// PORT: leases, which keep what is deleted readable for those who still read it. What `metadata-store.ts`
// says of every verb is true here too.

/** A lease holds back the release of whatever is deleted after it was taken: one row, O(1). */
export type Lease = {
  readonly leaseId: string
  readonly purpose: string
  readonly expiresMs: number
}

export interface LeaseStore {
  take(lease: Lease): Promise<void>
  /** Moves the expiry. `gone`: it has expired or was let go. */
  renew(leaseId: string, expiresMs: number): Promise<{ is: 'renewed' } | { is: 'gone' }>
  letGo(leaseId: string): Promise<void>
  /** Lets go of leases whose expiry is before `nowMs`: after this, they are gone for `renew` too. */
  expire(nowMs: number): Promise<number>
}
