// PORT, a noun of `metadata-store.ts`: archive jobs, which store a prefix as one zip object. A job is
// one row, replaced as a whole by whoever has seen its last revision.
import type { ManifestId } from './manifest-store.ts'
import type { TenantId, UploadId, VersionId } from './records.ts'

/** 32 lower-case hex digits that follow from what is asked for and what the prefix holds. */
export type ArchiveJobId = string & { readonly __brand: 'ArchiveJobId' }

export const archiveSizeClasses = ['small', 'large'] as const
export type ArchiveSizeClass = (typeof archiveSizeClasses)[number]

export type ArchiveJobState =
  /** Waits for its turn, and for this time. */
  | { readonly is: 'queued'; readonly notBeforeMs: number }
  | { readonly is: 'running' }
  /** The result is there until it expires. */
  | {
      readonly is: 'done'
      readonly versionId: VersionId
      /** Of the object stored, hex without quotes. */
      readonly objectEtag: string
      readonly expiresMs: number
    }
  /** No further attempt is made. */
  | { readonly is: 'failed' }
  | { readonly is: 'cancelled' }
  /** The result has been removed. */
  | { readonly is: 'expired' }

export type ArchiveJob = {
  readonly jobId: ArchiveJobId
  readonly tenantId: TenantId
  readonly bucketName: string
  readonly prefix: string
  /** Names that Windows takes too. */
  readonly windows: boolean
  readonly destination: { readonly bucketName: string; readonly key: string }
  /** How long the result is kept once it is there. */
  readonly lifeMs: number
  readonly manifestId: ManifestId
  /** Of the archive, without quotes. */
  readonly etag: string
  readonly totalEntries: number
  readonly totalBytes: number
  readonly sizeClass: ArchiveSizeClass
  readonly createdMs: number
  readonly changedMs: number
  readonly attempts: number
  /** What the last attempt failed with, for people. */
  readonly lastError?: string
  readonly doneEntries: number
  readonly doneBytes: number
  /** The upload under way into the destination. */
  readonly uploadId?: UploadId
  readonly state: ArchiveJobState
  /** Counts the changes of the row. */
  readonly revision: number
}

export interface ArchiveJobStore {
  get(tenantId: TenantId, jobId: ArchiveJobId): Promise<ArchiveJob | undefined>
  /** Puts the job if the row there is of the revision before it, or, for revision 1, if there is none. */
  put(job: ArchiveJob): Promise<{ is: 'done' } | { is: 'changed' }>
  /** Newest first by creation. `after` is exclusive. */
  list(
    tenantId: TenantId,
    page: {
      readonly after?: Pick<ArchiveJob, 'createdMs' | 'jobId'>
      readonly limit: number
    },
  ): Promise<readonly ArchiveJob[]>
  /** The job waiting longest in this class whose time has come. */
  nextQueued(sizeClass: ArchiveSizeClass, nowMs: number): Promise<ArchiveJob | undefined>
  /**
   * Jobs of a size class in a state, of all tenants, at most `limit`: those that are done by their
   * expiry, those that wait by their turn, all others by their last change. `after` is exclusive, and
   * need not be there any more.
   */
  inState(
    is: ArchiveJobState['is'],
    page: {
      readonly sizeClass: ArchiveSizeClass
      readonly after?: ArchiveJob
      readonly limit: number
    },
  ): Promise<readonly ArchiveJob[]>
  /** Jobs that are over for good and whose row was changed last before this time, at most `limit`. */
  forgettable(page: {
    readonly changedBeforeMs: number
    readonly limit: number
  }): Promise<readonly ArchiveJob[]>
  /** Removes the row if it is of this revision. */
  remove(job: ArchiveJob): Promise<void>
}
