// A bucket as verbs see it that write into it: read before, and looked at once more afterwards. Both are reads of one
// document, outside of any transaction: a commit into a bucket changes nothing of the bucket itself. What makes that
// safe is the protocol in `../bucket-store.ts`.
import { parseBucket } from '../codec/tenancy-codec.ts'
import type { BucketRef } from '../metadata-store.ts'
import type { Namespace } from '../namespaces.ts'
import type { Bucket, VersioningStatus } from '../records.ts'
import type { BucketDocument } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'

export type LiveBucket = {
  readonly bucket: Bucket
  /** The number of the last seal of a lease that may cover something in it, or one that was drawn later. */
  readonly sealed: number
}

/** Namespaces have no spaces in them. */
export function bucketDocumentId(namespace: Namespace, name: string): string {
  return `${namespace} ${name}`
}

export function parseBucketDocument(document: Omit<BucketDocument, 'configs'>): Bucket {
  const { c, versioning, revision } = document
  const status: VersioningStatus =
    versioning === 'enabled' || versioning === 'suspended' ? versioning : 'off'
  return { ...parseBucket(c), versioning: status, configRevision: revision }
}

/** The bucket as it is now, unless it was deleted, or deleted and made again. */
export async function liveBucket(
  db: MongoDatabase,
  ref: BucketRef,
): Promise<LiveBucket | undefined> {
  const document = await readBucket(db, ref)
  if (document === undefined) return undefined
  const sealed = Math.max(document.sealed, db.knownNumber)
  return { bucket: parseBucketDocument(document), sealed }
}

/**
 * Asked by a verb that has written into the bucket, before it answers, and by one that finds that it has: whoever wrote
 * may have been cut off before he could ask. `gone`: what was written is in no bucket, and to
 * be removed. A deletion that is under way is ended.
 */
export async function lookAfterwards(db: MongoDatabase, ref: BucketRef): Promise<'there' | 'gone'> {
  for (;;) {
    const document = await readBucket(db, ref)
    if (document === undefined) return 'gone'
    const { _id, id, deleting } = document
    if (deleting === undefined) return 'there'
    const { matchedCount } = await db.run(() =>
      db.buckets.updateOne({ _id, id, deleting }, { $unset: { deleting: true } }),
    )
    if (matchedCount === 1) return 'there'
  }
}

async function readBucket(
  db: MongoDatabase,
  { namespace, name, id }: BucketRef,
): Promise<BucketDocument | undefined> {
  const _id = bucketDocumentId(namespace, name)
  const found = await db.run(() => db.buckets.findOne({ _id, id }, { projection: { configs: 0 } }))
  return found ?? undefined
}
