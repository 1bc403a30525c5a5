// PORT: everything the store knows about tenants, buckets, versions, uploads and chunks, as whole
// atomic verbs. Engines: `lmdb/` (embedded); `mongodb/` and `remote/` join later, so that:
// - every verb is one transaction of the engine; none is left open between calls;
// - every verb names what its rows are sharded by, or says that it asks all shards: the table is in
//   `docs/decisions/0030-what-a-verb-is-sharded-by.md`;
// - a verb whose answer was lost can be asked again (`commit-id.ts`);
// - nothing asks for an order across buckets.
//
// Said once, true of every verb: it is atomic; a write is durable when it resolves; a read sees every
// write that was acknowledged before it began, by whatever process. Expected refusals are values;
// what throws is an error of ours or of the disk, and never means "absent"; `MetadataFull` alone says
// that nothing was stored, and that the disk is full rather than broken; `StoreUnavailable`,
// that the engine is out of reach: a write may have been stored, and trying again is safe. Keys are
// compared as UTF-8 bytes. No verb's correctness rests on a clock: times are recorded, not compared.
import type { BlobRef, ChunkRef } from '../protocol/chunks/chunk-ref.ts'
import type { Grant } from '../protocol/s3/acl/acl.ts'
import type { BucketConfigStore } from './bucket-config-store.ts'
import type { BucketStore } from './bucket-store.ts'
import type { BundleStore } from './bundle-store.ts'
import type { ChangeOptions } from './commit-id.ts'
import type { IdentityStore } from './identity-store.ts'
import type { JobStore } from './job-store.ts'
import type { LeaseStore } from './lease-store.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { OrphanStore } from './orphan-store.ts'
import type { FollowUp, Outbox } from './outbox-store.ts'
import type { OwnerStore } from './owner-store.ts'
import type {
  Bucket,
  BucketId,
  ChunkListId,
  DeleteMarker,
  ObjectContent,
  ObjectData,
  ObjectSummary,
  ObjectVersion,
  Tag,
  TenantId,
  VersionId,
  VersioningStatus,
  VersionSummary,
} from './records.ts'
import type { TenantStore } from './tenant-store.ts'
import type { UploadStore } from './upload-store.ts'
import type { UsageStore } from './usage-store.ts'

export interface MetadataStore {
  readonly tenants: TenantStore
  readonly identities: IdentityStore
  readonly buckets: BucketStore
  readonly bucketConfigs: BucketConfigStore
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
  readonly usage: UsageStore
  /**
   * The same store, whose verbs end when `signal` is aborted: they reject with its reason, and a write that
   * had been begun may be stored. Each page of a long work is a verb, so that work ends between pages. To be
   * made for a request or a run of a job, and thrown away with it.
   */
  within(limits: VerbLimits): MetadataStore
  close(): Promise<void>
}

export type VerbLimits = { readonly signal: AbortSignal }

/** Names a bucket as found by `BucketStore.get`. A verb answers `noSuchBucket` once it is gone. */
export type BucketRef = Pick<Bucket, 'namespace' | 'name' | 'id' | 'tenantId'>
export type NoSuchBucket = { readonly is: 'noSuchBucket' }

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
  /**
   * The bucket's state inside the transaction: tells whether to show the version id. A repeat may be
   * told that of its own.
   */
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

/** Sharded by bucket and key; listings read a range of the keys of one bucket. */
export interface ObjectStore {
  /**
   * Makes a version current: checks the condition, takes the references of its chunks, replaces the
   * null version where the bucket's state says so, and notes what follows in the outbox. Versions of
   * a key are ordered by commit, whatever the clock says.
   */
  commit(
    version: NewVersion,
    options?: ChangeOptions,
  ): Promise<Committed | ConditionRefused | ClaimRefused | NoSuchBucket>

  /** The version named, or the current one. Absent: no such version, or no current one. */
  get(
    bucket: BucketRef,
    key: string,
    versionId?: VersionId,
  ): Promise<ObjectVersion | DeleteMarker | undefined>

  /**
   * As S3's DeleteObject. Without a version id: removes the object (unversioned), or puts a delete
   * marker on top (enabled: a new one; suspended: the null one, replacing the null version). One that
   * found nothing has changed nothing: repeated, it is judged anew.
   */
  delete(
    deletion: {
      bucket: BucketRef
      key: string
      versionId?: VersionId
      condition?: WriteCondition
      nowMs: number
      followUps?: FollowUps
    },
    options?: ChangeOptions,
  ): Promise<DeleteOutcome>

  /** Sets the tags of a version, or of the current one; its time does not change. */
  setTags(
    bucket: BucketRef,
    key: string,
    change: { versionId?: VersionId; tags: readonly Tag[] },
    options?: ChangeOptions,
  ): Promise<
    | { is: 'done'; versionId: VersionId }
    | { is: 'noSuchVersion' }
    | { is: 'deleteMarker' }
    | NoSuchBucket
  >

  /**
   * Sets what is granted on the version in this row, current or not; its owner and its time do not change. `noSuchVersion`:
   * it is not there any more, or is a marker.
   */
  setGrants(
    bucket: BucketRef,
    key: string,
    change: { rowId: string; grants: readonly Grant[] },
    options?: ChangeOptions,
  ): Promise<{ is: 'done'; versionId: VersionId } | { is: 'noSuchVersion' } | NoSuchBucket>

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
   * A page of the current objects whose keys begin with `prefix`, in key order. Without a moment it is of
   * one that is not before the call, and names it; with a moment, it is as things stood then, whatever
   * prefix of the bucket is asked for and whatever was written since. `snapshotExpired`: that moment can
   * be looked at no more, and pages of another do not go with those of it; who wants the whole begins
   * again. An engine keeps a moment for some minutes at most, and may lose it at any time: when it has
   * to, or when another process answers.
   */
  freezePage(bucket: BucketRef, page: FreezeQuery): Promise<FrozenPage | SnapshotExpired>

  /** A hint that nobody asks for that moment any more. An engine lets go of it sooner or later anyway. */
  endFreeze(moment: FrozenMoment): Promise<void>
}

/** Names a moment to the engine that has answered it, and means nothing to others. */
export type FrozenMoment = string & { readonly __brand: 'FrozenMoment' }

export type FreezeQuery = {
  readonly prefix: string
  /** A key, exclusive. */
  readonly after?: string
  readonly moment?: FrozenMoment
  /** 1 to 2,000. */
  readonly limit: number
}

export type FrozenPage = {
  readonly is: 'page'
  readonly moment: FrozenMoment
  readonly objects: readonly FrozenObject[]
  /** There are more of the prefix. */
  readonly isTruncated: boolean
}

export type SnapshotExpired = { readonly is: 'snapshotExpired' }

/** A current object, as far as an archive needs to know it. */
export type FrozenObject = {
  readonly key: string
  readonly rowId: string
  readonly size: number
  readonly crc32: number
  readonly modifiedMs: number
}

/**
 * Which chunks exist, and how many references hold each. A row is there exactly while references
 * are counted; counts change only inside the commit or release that causes the change. Chunks are sharded
 * by their ids, and lists by theirs: a list is begun before it is known what will name it.
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
   * commit takes it over. `gone` changes nothing. Repeated with the same chunks at the same offset, it
   * answers as before and takes nothing. `lost`, and nothing changed: the owner has ended, and so has the
   * list, if it was begun.
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
