// PORT: what is set of buckets, one document a kind (`bucket-config-kinds.ts`): tags now; policies, rules and
// the like to come. Part of `metadata-store.ts`, whose head holds here too.
//
// Each change of any document gives the bucket the next `configRevision`, in its own row and in the same
// step: a sharding engine keeps the documents of a bucket with that row. So whoever has read a bucket's row
// knows whether what he remembers of its documents is what is set now, and asks again only if it is not.
import type { ConfigDocuments, ConfigKind } from './bucket-config-kinds.ts'
import type { BucketRef, NoSuchBucket } from './metadata-store.ts'

export type BucketConfig<Kind extends ConfigKind> = {
  readonly document: ConfigDocuments[Kind]
  /** The bucket's `configRevision` since this document was put: never that of any other. */
  readonly revision: number
}

/** What there is of the kinds that were asked for. */
export type BucketConfigs<Kind extends ConfigKind> = {
  readonly [Each in Kind]?: BucketConfig<Each>
}

/** The document to be replaced or deleted is not the one of `ifRevision`. Nothing was changed. */
export type ConfigChanged = { readonly is: 'changed' }

export interface BucketConfigStore {
  /** Absent: it is not set, or there is no such bucket. */
  get<Kind extends ConfigKind>(
    bucket: BucketRef,
    kind: Kind,
  ): Promise<BucketConfig<Kind> | undefined>

  /** Several at once, all of one moment. */
  getMany<Kind extends ConfigKind>(
    bucket: BucketRef,
    kinds: readonly Kind[],
  ): Promise<BucketConfigs<Kind>>

  /**
   * Sets or replaces a document. `ifRevision`: only if the document there is of this revision, or, with 0,
   * if there is none. Without it, repeating a put is harmless, and makes another revision.
   */
  put<Kind extends ConfigKind>(
    bucket: BucketRef,
    kind: Kind,
    change: { document: ConfigDocuments[Kind]; ifRevision?: number },
  ): Promise<{ is: 'done'; revision: number } | ConfigChanged | NoSuchBucket>

  /** Success also when it is not set, unless `ifRevision` asks for more. Safe to repeat. */
  delete(
    bucket: BucketRef,
    kind: ConfigKind,
    change?: { ifRevision?: number },
  ): Promise<{ is: 'done' } | ConfigChanged | NoSuchBucket>
}
