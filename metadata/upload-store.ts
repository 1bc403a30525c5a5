// PORT, a noun of `metadata-store.ts`: multipart uploads, from their beginning to what they become. An
// upload, its parts and the version it becomes lie beside one another, by bucket and key.
import type { ChangeOptions } from './commit-id.ts'
import type {
  BucketRef,
  ClaimRefused,
  Committed,
  ConditionRefused,
  FollowUps,
  Listed,
  ListQuery,
  NewPieceData,
  NoSuchBucket,
  WriteCondition,
} from './metadata-store.ts'
import type {
  ObjectContent,
  ObjectVersion,
  Part,
  PartSize,
  PartsPlace,
  Upload,
  UploadId,
} from './records.ts'

export type NewUpload = Omit<Upload, 'uploadId' | 'bucketId' | 'tenantId'> & {
  /** Drawn and noted beforehand (`draw-upload-id.ts`) by whoever must find it after a crash. */
  readonly uploadId?: UploadId
}
export type UploadRef = Pick<Upload, 'key' | 'uploadId'>
export type NoSuchUpload = { readonly is: 'noSuchUpload' }
export type PartsPage = {
  readonly is: 'listed'
  readonly parts: readonly Omit<Part, 'data'>[]
  readonly isTruncated: boolean
  /** Another with every part that is committed: pages of one revision fit together. */
  readonly revision: number
}

/** Sharded by bucket and key; `list` reads a range of the keys of one bucket. */
export interface UploadStore {
  /**
   * Repeated with one upload id, or one commit id, it makes one upload, and none where that has become a
   * version meanwhile.
   */
  create(
    bucket: BucketRef,
    upload: NewUpload,
    options?: ChangeOptions,
  ): Promise<{ is: 'created'; upload: Upload } | NoSuchBucket>
  get(bucket: BucketRef, upload: UploadRef): Promise<Upload | undefined>
  /** Adds a part or replaces the one with its number, whose data then is released. */
  commitPart(
    bucket: BucketRef,
    upload: UploadRef,
    part: Omit<Part, 'data'> & { data: NewPieceData },
    options?: ChangeOptions,
  ): Promise<{ is: 'committed' } | ClaimRefused | NoSuchUpload>
  /** Parts in order of number, without their data. `after` is a part number, exclusive. */
  listParts(
    bucket: BucketRef,
    upload: UploadRef,
    page: { after: number; limit: number },
  ): Promise<PartsPage | NoSuchUpload>
  /** Parts of an upload under way or of a completed one, in the order asked; throws if one is missing. */
  readParts(place: PartsPlace, numbers: readonly number[]): Promise<readonly Part[]>
  /** By key, then by time of initiation. `afterUploadId` continues within `after.key`. */
  list(
    bucket: BucketRef,
    query: ListQuery & { afterUploadId?: UploadId },
  ): Promise<Listed<Upload & { is: 'upload' }>>
  /**
   * Turns the upload into a version of the parts named, which stay where they are; a task releases the
   * others. The caller has read the parts, checked them and computed the content, and says of which
   * revision they were: `partsChanged` if some part was committed since, and they must be read again.
   * Nothing that grows with the number of parts is read or written but the list of them.
   *
   * Repeating a completion that succeeded, with the same parts and ETag, while its version is still
   * there, answers with the same `committed`.
   */
  complete(
    completion: {
      bucket: BucketRef
      upload: UploadRef
      revision: number
      parts: readonly PartSize[]
      content: Omit<ObjectContent, 'data'>
      condition?: WriteCondition
      nowMs: number
      followUps?: FollowUps
    },
    options?: ChangeOptions,
  ): Promise<Committed | ConditionRefused | { is: 'partsChanged' } | NoSuchUpload | NoSuchBucket>
  /** The version that an upload became. Absent: it was never completed here, or the version is gone. */
  completed(bucket: BucketRef, upload: UploadRef): Promise<ObjectVersion | undefined>
  abort(
    bucket: BucketRef,
    upload: UploadRef,
    options?: ChangeOptions,
  ): Promise<{ is: 'aborted' } | NoSuchUpload>
  /** Aborts uploads initiated before this time, of all shards, at most `limit`; answers how many. */
  abortStale(page: { initiatedBeforeMs: number; limit: number }): Promise<number>
}
