// PORT, a noun of `metadata-store.ts`: bundles, chosen entries that are downloaded as one archive by
// whoever knows their URL. What a bundle holds stands in manifests; here is who owns it, how it is
// reached, and how long it lives; what is still to be gathered for it, a job knows (`job-store.ts`). A bundle
// is one row, replaced as a whole by whoever has seen its last revision.
//
// A row keeps what it names: the verb that writes it lets the lease of the bundle and each manifest
// named live until a given time, hands what the leases of new manifests cover over to that of the bundle,
// and drops what the row before it named and this one does not, all in one step. So nothing outlives its
// bundle, wherever a process dies.
import type { S3ErrorCode } from '../protocol/s3/s3-error.ts'
import type { JobOf } from './job-store.ts'
import type { ManifestId } from './manifest-store.ts'
import type { TenantId } from './records.ts'

/** 32 lower-case hex digits. */
export type BundleId = string & { readonly __brand: 'BundleId' }

export type Bundle = {
  readonly bundleId: BundleId
  readonly tenantId: TenantId
  readonly bucketName: string
  /** With whose permissions the secret adds entries. */
  readonly createdBy: {
    readonly userName: string
    readonly accessKeyId: string
    /** JSON of who he was, where he had signed with temporary credentials. */
    readonly session?: string
  }
  /** Ends with `.zip`. */
  readonly fileName: string
  /** SHA-256 of the secret with which it is changed, 32 bytes. */
  readonly secretHash: Uint8Array
  /** SHA-256 of the token with which it is downloaded, 32 bytes. */
  readonly tokenHash: Uint8Array
  /** Names that Windows takes too. */
  readonly windows: boolean
  readonly createdMs: number
  readonly expiresMs: number
  /**
   * The manifests it has had, newest first; those from before are kept for resumes. None: it has never
   * been ready, or it has expired.
   */
  readonly states: readonly ManifestId[]
  /**
   * Holds all entries of the state to come. The job of the same id is gathering those that have no bytes
   * in it yet.
   */
  readonly gathering?: ManifestId
  /** Why the last gathering came to nothing, for whoever has asked for it. */
  readonly failure?: {
    /** Of the gathering. */
    readonly manifestId: ManifestId
    readonly code: S3ErrorCode
    readonly message: string
  }
  /** Counts the changes of the row, from 1. */
  readonly revision: number
}

export type NoSuchBundle = { readonly is: 'noSuchBundle' }
/**
 * The lease of the bundle, or a manifest that the row did not name before, or its lease, is not there any
 * more: nothing was written. (A manifest without entries needs no lease.)
 */
export type NothingToKeep = { readonly is: 'gone' }

/** The lease under which a bundle's data is held. The first row that names a manifest takes it. */
export function bundleLeaseId(bundleId: BundleId): string {
  return `bundle-${bundleId}`
}

export interface BundleStore {
  /** As `put`, of a row that is not there yet. */
  create(
    bundle: Bundle,
    keepUntilMs: number,
    job?: JobOf<'gathering'>,
  ): Promise<{ is: 'created' | 'exists' } | NothingToKeep>
  /**
   * Puts the bundle if the row there is of the revision before it. Its lease and the manifests that it
   * names live until `keepUntilMs`; a row that names none lets its lease go. Manifests named no more
   * are found by nobody from then on, and `ManifestStore.stale` names them.
   *
   * A new job that is to gather for it is put in the same step: no bundle waits for a job that nobody
   * runs. It ends in two steps, the bundle's first, so that a job which finds no bundle waiting for it has
   * nothing to do any more.
   */
  put(
    bundle: Bundle,
    keepUntilMs: number,
    job?: JobOf<'gathering'>,
  ): Promise<{ is: 'done' | 'changed' } | NoSuchBundle | NothingToKeep>
  get(bundleId: BundleId): Promise<Bundle | undefined>
  /** In order of the ids. `after` is exclusive. */
  list(
    tenantId: TenantId,
    page: { readonly after?: BundleId; readonly limit: number },
  ): Promise<readonly Bundle[]>
  /** With its lease, and its manifests as `put` says. Safe to repeat. */
  remove(bundleId: BundleId): Promise<void>
  /** Bundles whose expiry is before this time, at most `limit`, in order of the ids. */
  expired(page: {
    readonly expiresBeforeMs: number
    readonly after?: BundleId
    readonly limit: number
  }): Promise<readonly Bundle[]>
}
