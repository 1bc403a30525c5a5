// What the collections hold. Values that only readers of one record need lie in it as the bytes that
// `metadata/codec` makes, as in every engine; what is searched by is a field. Which index serves what, and what
// each collection is sharded by: `schema.ts`.
//
// Keys of objects are BSON strings, which the simple collation compares as UTF-8 bytes. Nothing is ever ordered
// by binary values: MongoDB compares their lengths first.
import type { ObjectId } from 'mongodb'
import type { UsageChange } from '../usage.ts'

/** Work that a document asks for, wherever it lies (`task-fields.ts`). */
export type TaskFields = {
  readonly kind: string
  readonly tenant: string
  /** From when on it is to be handed out: 0 for "from the beginning". Milliseconds of the server's clock. */
  readonly due: number
  readonly attempts: number
  /** Of who has claimed it, until `due`. */
  readonly claim?: string
  readonly owner?: string
  /** Of the last failure. */
  readonly cause?: string
  /** It is handed out no more. */
  readonly buried?: true
  /** What the kind adds, as a record. */
  readonly body?: Buffer
}

/**
 * Everything that lies beside an object, by bucket and key: `b` and `k` are what it is sharded by. What the
 * document is, its place `s` says, which begins with a digit (`key-places.ts`):
 * the top of the key (newest version or marker), an older version, an upload, a part, a completion, a commit
 * that is remembered, a task, a note of what a change has added to what the bucket holds, a version that was removed.
 */
export type KeyDocument = {
  readonly _id: ObjectId
  readonly b: string
  readonly k: string
  readonly s: string
  /** Row id, of versions. */
  readonly r?: string
  /** Head of a version (`version-codec.ts`). */
  readonly h?: Buffer
  /** Content of a version, or the record of what else it is. */
  readonly c?: Buffer
  /**
   * Counts the changes of a version or an upload, which all are made on condition that it is unchanged. Of an
   * upload it is its revision.
   */
  readonly x?: number
  /** In the top: the row id of the null version of the key, if it has one. */
  readonly n?: string
  /** A current object: what listings of objects read. */
  readonly cur?: true
  /** A version or a marker that is not removed. */
  readonly v?: true
  /** An upload under way: when it was begun. */
  readonly u?: number
  /** Of an upload: how many part numbers it has. */
  readonly parts?: number
  /** Of an upload: what its parts come to. Absent: nothing. */
  readonly pb?: number
  /**
   * What changes of this key have added to what the bucket holds, as far as it is not yet in the bucket's count
   * (`usage.ts`). It comes with a change of `x`, and goes without one.
   */
  readonly d?: UsageChange
  readonly t?: TaskFields
  /** Of a removed version: leases may hold it that were taken up to this number (`held-versions.ts`). */
  readonly upTo?: number
  /** Of a removed version: the life of a lease under which it is filed. */
  readonly held?: number
  /** Of one that is held, and asks for nothing: whose it is. */
  readonly tenant?: string
  /** When it may be forgotten; the server removes it. */
  readonly until?: Date
}

/** A bucket, by namespace and name, with what is set of it. */
export type BucketDocument = {
  /** `bucketDocumentId`. */
  readonly _id: string
  readonly ns: string
  readonly name: string
  readonly id: string
  readonly tenant: string
  /** The record (`tenancy-codec.ts`), whose versioning and config revision are those of this document. */
  readonly c: Buffer
  readonly versioning: string
  readonly revision: number
  /** The number of the last seal of a lease that may cover something in it (`leases.ts`). */
  readonly sealed: number
  /** The mark of a deletion under way. */
  readonly deleting?: string
  readonly configs?: Readonly<Record<string, { readonly revision: number; readonly c: Buffer }>>
}

/** Whatever is found by its id alone. */
export type RecordDocument = { readonly _id: string; readonly c: Buffer }

/** No two have one name. */
export type TenantDocument = RecordDocument & { readonly name: string; readonly revision: number }

/** By its id, which is one tenant's. */
export type AccessKeyDocument = RecordDocument & {
  readonly tenant: string
  /** What it was used for last. */
  readonly used?: Buffer
}

/** By his id. `until`: until when he lives unless he beats; 0: he has ended. Milliseconds of the server's clock. */
export type OwnerDocument = {
  readonly _id: string
  readonly until: number
  /** When he was ended. */
  readonly ended?: number
  /** Counts what was filed under him, so that it meets his end. */
  readonly touched?: number
}

/** A job, by kind, tenant and id (`job-documents.ts`). Besides the record, what it is found by. */
export type JobDocument = {
  readonly _id: string
  readonly kind: string
  readonly tenant: string
  readonly job: string
  readonly revision: number
  readonly created: number
  readonly lane?: string
  readonly due?: number
  readonly owner?: string
  readonly c: Buffer
}

/**
 * A chunk that is referred to, or whose generations were condemned; by `chunkDocumentId`. Beside it, under the name of a
 * blob, the task of deleting that.
 */
export type ChunkDocument = {
  readonly _id: string
  readonly tenant?: string
  /** The living generation, and how many references hold it. Absent: none lives. */
  readonly g?: number
  readonly refs?: number
  /** Generations that no claim may bring to life. */
  readonly condemned?: readonly number[]
  readonly t?: TaskFields
}

/** The head of a chunk list (`at` is -1), a page of it by plaintext offset, or a task about it. */
export type ListDocument = {
  readonly _id: ObjectId
  readonly list: string
  readonly at: number
  readonly tenant?: string
  /** Of the head, while no version or part has taken it over. */
  readonly owner?: string
  /** Of the head: plaintext bytes that the pages cover. */
  readonly end?: number
  /** Of a page: chunk references. */
  readonly c?: Buffer
  readonly t?: TaskFields
}

/** Tasks that lie beside nothing else. */
export type TaskDocument = { readonly _id: ObjectId; readonly t: TaskFields }
