// PORT: everything the store knows about tenants, buckets, versions, uploads and chunks, as whole
// atomic verbs. Engines: `lmdb/` (embedded); `mongodb/` and `remote/` join later, so that:
// - every verb is one transaction of the engine; none is left open between calls;
// - every verb names a tenant or a bucket, from which an engine can tell the shard;
// - nothing asks for an order across buckets.
//
// Said once, true of every verb: it is atomic; a write is durable when it resolves; a read sees every
// write that was acknowledged before it began, by whatever process. Expected refusals are values;
// what throws is an error of ours or of the disk, and never means "absent"; `MetadataFull` alone says
// that nothing was stored, and that the disk is full rather than broken. Keys are compared as
// UTF-8 bytes. No verb's correctness rests on a clock: times are recorded, not compared.
import type { BlobRef, ChunkRef } from '../protocol/chunks/chunk-ref.ts'
import type { BundleStore } from './bundle-store.ts'
import type { JobStore } from './job-store.ts'
import type { LeaseStore } from './lease-store.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { OrphanStore } from './orphan-store.ts'
import type { FollowUp, Outbox } from './outbox-store.ts'
import type { OwnerStore } from './owner-store.ts'
import type {
  AccessKey,
  Bucket,
  BucketId,
  ChunkListId,
  DeleteMarker,
  ObjectContent,
  ObjectData,
  ObjectSummary,
  ObjectVersion,
  Part,
  PieceData,
  Tag,
  Tenant,
  TenantId,
  Upload,
  UploadId,
  VersionId,
  VersioningStatus,
  VersionSummary,
} from './records.ts'

export interface MetadataStore {
  readonly tenants: TenantStore
  readonly buckets: BucketStore
  readonly objects: ObjectStore
  readonly uploads: UploadStore
  readonly chunks: ChunkCatalog
  readonly orphans: OrphanStore
  readonly outbox: Outbox
  readonly owners: OwnerStore
  readonly leases: LeaseStore
  readonly manifests: ManifestStore
  readonly bundles: BundleStore
  readonly jobs: JobStore
  close(): Promise<void>
}

export interface TenantStore {
  /** Creates the tenant with its first access key, or answers `exists` and changes nothing. */
  create(tenant: Tenant, firstKey: AccessKey): Promise<{ is: 'created' } | { is: 'exists' }>
  get(id: TenantId): Promise<Tenant | undefined>
  list(): Promise<readonly Tenant[]>
  /** Adds or replaces an access key. `taken`: another tenant has that id. */
  putAccessKey(key: AccessKey): Promise<{ is: 'done' } | { is: 'taken' }>
  getAccessKey(accessKeyId: string): Promise<AccessKey | undefined>
}

export type NewBucket = Pick<Bucket, 'tenantId' | 'name' | 'region' | 'createdMs' | 'tags'>
/** Names a bucket as found by `BucketStore.get`. A verb answers `noSuchBucket` once it is gone. */
export type BucketRef = Pick<Bucket, 'tenantId' | 'name' | 'id'>
export type NoSuchBucket = { readonly is: 'noSuchBucket' }

export interface BucketStore {
  create(
    bucket: NewBucket,
  ): Promise<{ is: 'created'; bucket: Bucket } | { is: 'exists'; bucket: Bucket }>
  get(tenantId: TenantId, name: string): Promise<Bucket | undefined>
  /** Only when no version and no delete marker is left. Uploads under way are aborted with it. */
  delete(bucket: BucketRef): Promise<{ is: 'deleted' } | { is: 'notEmpty' } | NoSuchBucket>
  /** In byte order of the names. `after` is exclusive. */
  list(
    tenantId: TenantId,
    page: { prefix: string; after?: string; limit: number },
  ): Promise<{ buckets: readonly Bucket[]; isTruncated: boolean }>
  setVersioning(
    bucket: BucketRef,
    status: Exclude<VersioningStatus, 'off'>,
  ): Promise<{ is: 'done' } | NoSuchBucket>
  setTags(bucket: BucketRef, tags: readonly Tag[]): Promise<{ is: 'done' } | NoSuchBucket>
}

/**
 * Asked of the current version inside the commit. Several ETags mean "any of them"; `*` means "any
 * version". A delete marker, or nothing, is "no version".
 */
export type WriteCondition = {
  readonly ifMatch?: readonly string[] | '*'
  readonly ifNoneMatch?: readonly string[] | '*'
  /** Milliseconds, compared by whole seconds. For deletes. */
  readonly ifModifiedAtMs?: number
  /** Bytes. For deletes. */
  readonly ifSize?: number
}

/**
 * A chunk that a write refers to. `written`: this gateway has just stored it under this generation.
 * `known`: `ChunkCatalog.find` gave the generation. The verb checks both inside its transaction.
 */
export type ClaimedChunk = ChunkRef & { readonly origin: 'written' | 'known' }

/** `PieceData` on its way in. A list was filled with `ChunkCatalog.extendList` before. */
export type NewPieceData =
  | { readonly is: 'inline'; readonly sealed: Uint8Array }
  | { readonly is: 'chunks'; readonly chunks: readonly ClaimedChunk[] }
  | { readonly is: 'list'; readonly listId: ChunkListId }

export type NewVersion = {
  readonly bucket: BucketRef
  readonly key: string
  readonly content: Omit<ObjectContent, 'data'> & { readonly data: NewPieceData }
  readonly condition?: WriteCondition
  readonly nowMs: number
  readonly followUps?: FollowUps
}

/** Tasks that are written with the change, in its transaction; none when it is refused. */
export type FollowUps = readonly FollowUp[]

/**
 * `gone`: the chunks at these positions of the embedded list have been deleted meanwhile, nothing
 * was changed; store them anew under a new generation and commit again. `lost`: the list named by
 * `listId` is not there (aborted, or used up by another commit).
 */
export type ClaimRefused =
  | { readonly is: 'gone'; readonly positions: readonly number[] }
  | { readonly is: 'lost' }
/** `noSuchKey`: If-Match was asked of a key that has no current version. */
export type ConditionRefused = { readonly is: 'preconditionFailed' } | { readonly is: 'noSuchKey' }

export type Committed = {
  readonly is: 'committed'
  readonly versionId: VersionId
  readonly modifiedMs: number
  /** The bucket's state inside the transaction: tells whether to show the version id. */
  readonly versioning: VersioningStatus
}

export type DeleteOutcome =
  | {
      readonly is: 'deleted'
      readonly versioning: VersioningStatus
      /** The version removed, or the marker made. Absent: there was nothing, which is success too. */
      readonly versionId?: VersionId
      /** True when a marker was made, or the version removed was one. */
      readonly deleteMarker: boolean
    }
  | ConditionRefused
  | NoSuchBucket

/** Goes on after `key`, or, with `group`, after all keys that start with it. Both exclusive. */
export type ListPosition = { readonly key: string; readonly group: boolean }
export type ListQuery = {
  readonly prefix: string
  readonly delimiter?: string
  readonly after?: ListPosition
  /** Objects and common prefixes together, 0 to 1,000. */
  readonly limit: number
}
export type Listed<Entry> = {
  readonly entries: readonly (Entry | { readonly is: 'prefix'; readonly prefix: string })[]
  readonly isTruncated: boolean
}

export interface ObjectStore {
  /**
   * Makes a version current: checks the condition, takes the references of its chunks, replaces the
   * null version where the bucket's state says so, and notes what follows in the outbox. Versions of
   * a key are ordered by commit, whatever the clock says.
   */
  commit(version: NewVersion): Promise<Committed | ConditionRefused | ClaimRefused | NoSuchBucket>

  /** The version named, or the current one. Absent: no such version, or no current one. */
  get(
    bucket: BucketRef,
    key: string,
    versionId?: VersionId,
  ): Promise<ObjectVersion | DeleteMarker | undefined>

  /**
   * As S3's DeleteObject. Without a version id: removes the object (unversioned), or puts a delete
   * marker on top (enabled: a new one; suspended: the null one, replacing the null version).
   */
  delete(deletion: {
    bucket: BucketRef
    key: string
    versionId?: VersionId
    condition?: WriteCondition
    nowMs: number
    followUps?: FollowUps
  }): Promise<DeleteOutcome>

  /** Sets the tags of a version, or of the current one; its time does not change. */
  setTags(
    bucket: BucketRef,
    key: string,
    change: { versionId?: VersionId; tags: readonly Tag[] },
  ): Promise<
    | { is: 'done'; versionId: VersionId }
    | { is: 'noSuchVersion' }
    | { is: 'deleteMarker' }
    | NoSuchBucket
  >

  /** Current objects in key order. Costs one page, whatever the bucket holds. */
  list(bucket: BucketRef, query: ListQuery): Promise<Listed<ObjectSummary & { is: 'object' }>>

  /**
   * All versions, by key, newest first. `afterVersionId` goes with `after`: continue behind that
   * version of `after.key`, even if the version itself is gone.
   */
  listVersions(
    bucket: BucketRef,
    query: ListQuery & { afterVersionId?: VersionId },
  ): Promise<Listed<VersionSummary>>

  /**
   * A version by the row it was committed as, found also after it was deleted, for as long as a
   * lease lives that covers it and was taken before the deletion.
   */
  getRow(bucketId: BucketId, key: string, rowId: string): Promise<ObjectVersion | undefined>

  /** Where the bytes of such rows are, in the order asked: many of one bucket at once. */
  dataOfRows(
    bucketId: BucketId,
    rows: readonly { readonly key: string; readonly rowId: string }[],
  ): Promise<readonly (ObjectData | undefined)[]>

  /**
   * The current objects whose keys begin with `prefix`, all of one moment, which is not before the
   * call. What it answers must be closed.
   */
  freeze(bucket: BucketRef, prefix: string): Promise<FrozenObjects>
}

/** A current object, as far as an archive needs to know it. */
export type FrozenObject = {
  readonly key: string
  readonly rowId: string
  readonly size: number
  readonly crc32: number
  readonly modifiedMs: number
  /** Some other key begins with this one and a slash. */
  readonly besideFolder: boolean
}

export interface FrozenObjects {
  /** In key order, the same each time it is asked; of `prefix`, which begins with the frozen one. */
  pages(prefix?: string): AsyncIterable<readonly FrozenObject[]>
  /** The object of this key, which begins with the prefix that was frozen. */
  find(key: string): Promise<FrozenObject | undefined>
  close(): Promise<void>
}

export type NewUpload = Omit<Upload, 'uploadId' | 'bucketId' | 'tenantId'> & {
  /** Drawn and noted beforehand (`draw-upload-id.ts`) by whoever must find it after a crash. */
  readonly uploadId?: UploadId
}
export type UploadRef = Pick<Upload, 'key' | 'uploadId'>
export type NoSuchUpload = { readonly is: 'noSuchUpload' }
export type CompletedPart = Pick<Part, 'number' | 'etag'>

export interface UploadStore {
  create(
    bucket: BucketRef,
    upload: NewUpload,
  ): Promise<{ is: 'created'; upload: Upload } | NoSuchBucket>
  get(bucket: BucketRef, upload: UploadRef): Promise<Upload | undefined>
  /** Adds a part or replaces the one with its number, whose data then is released. */
  commitPart(
    bucket: BucketRef,
    upload: UploadRef,
    part: Omit<Part, 'data'> & { data: NewPieceData },
  ): Promise<{ is: 'committed' } | ClaimRefused | NoSuchUpload>
  /** Parts in order of number, without their data. `after` is a part number, exclusive. */
  listParts(
    upload: Pick<Upload, 'uploadId'>,
    page: { after: number; limit: number },
  ): Promise<{ parts: readonly Omit<Part, 'data'>[]; isTruncated: boolean }>
  /** The data of these parts, of an upload under way or of a completed one; throws if one is missing. */
  readPieces(uploadId: UploadId, numbers: readonly number[]): Promise<readonly PieceData[]>
  /** By key, then by time of initiation. `afterUploadId` continues within `after.key`. */
  list(
    bucket: BucketRef,
    query: ListQuery & { afterUploadId?: UploadId },
  ): Promise<Listed<Upload & { is: 'upload' }>>
  /**
   * Turns the upload into a version. The caller has checked sizes and checksums of the parts it names
   * and computed the content; the verb checks again that each part still has the ETag named
   * (`partChanged` otherwise). Parts not named are released. Repeating a completion that succeeded,
   * with the same parts, while its version is still there, answers with the same `committed`.
   */
  complete(completion: {
    bucket: BucketRef
    upload: UploadRef
    parts: readonly (CompletedPart & { size: number })[]
    content: Omit<ObjectContent, 'data'>
    condition?: WriteCondition
    nowMs: number
    followUps?: FollowUps
  }): Promise<
    | Committed
    | ConditionRefused
    | { is: 'partChanged'; number: number }
    | NoSuchUpload
    | NoSuchBucket
  >
  /**
   * Whether this upload became a version, and with which parts: what a repeated completion is
   * checked against. Absent: never completed here, or the version is gone.
   */
  completed(
    bucket: BucketRef,
    upload: UploadRef,
  ): Promise<{ version: ObjectVersion; parts: readonly CompletedPart[] } | undefined>
  abort(bucket: BucketRef, upload: UploadRef): Promise<{ is: 'aborted' } | NoSuchUpload>
  /** Aborts uploads initiated before this time, at most `limit` of them; answers how many. */
  abortStale(page: { initiatedBeforeMs: number; limit: number }): Promise<number>
}

/**
 * Which chunks exist, and how many references hold each. A row is there exactly while references
 * are counted; counts change only inside the commit or release that causes the change.
 */
export interface ChunkCatalog {
  /** For each id: the generation that lives now, if any. A hint until a claim has confirmed it. */
  find(
    tenantId: TenantId,
    ids: readonly ChunkRef['id'][],
  ): Promise<readonly (BlobRef | undefined)[]>

  /**
   * Appends claimed chunks at plaintext offset `offset` to a list that no version refers to yet, and
   * takes their references. The list begins with its first extension and belongs to `owner` until a
   * commit takes it over. `gone` changes nothing. `lost`, and nothing changed: the owner has ended, and
   * so has the list, if it was begun.
   */
  extendList(extension: {
    tenantId: TenantId
    listId: ChunkListId
    owner: string
    offset: number
    chunks: readonly ClaimedChunk[]
  }): Promise<{ is: 'extended' } | ClaimRefused>

  /** Gives up a list that no commit took over; its references are released. Safe to repeat. */
  abandonList(tenantId: TenantId, listId: ChunkListId): Promise<void>
  /**
   * Gives up lists of an owner that has ended (`OwnerStore`), at most `limit`; answers how many. Of one
   * that lives: none. Safe to repeat.
   */
  abandonListsOf(owner: string, limit: number): Promise<number>

  /**
   * The chunks of a list that cover plaintext from `fromOffset` on, and the offset of the first of
   * them; at most about `limit` chunks, none past the end.
   */
  readList(
    listId: ChunkListId,
    fromOffset: number,
    limit: number,
  ): Promise<{ offset: number; chunks: readonly ChunkRef[] }>

  /** What is referred to, in the order of the ids. `after` is exclusive. */
  list(page: { after?: ChunkRef['id']; limit: number }): Promise<readonly BlobRef[]>

  /** Which of these blobs some row refers to, in the order asked: the word of all who delete. */
  areReferenced(blobs: readonly BlobRef[]): Promise<readonly boolean[]>
}
