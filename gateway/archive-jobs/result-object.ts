// The object that an archive job has stored: whether it is there, and how it is removed. It is known by
// the upload it was made of, so that nothing else at its key is ever taken for it.
import type { JobOf } from '../../metadata/job-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, ObjectVersion } from '../../metadata/records.ts'
import { findBucket } from '../access/find-bucket.ts'

type Stores = Pick<MetadataStore, 'buckets' | 'objects' | 'uploads'>
type Result = { readonly bucket: Bucket; readonly version: ObjectVersion }

/** Absent: it was never stored, or removed or replaced since. */
export async function findResult(
  metadata: Stores,
  { tenantId, payload }: JobOf<'archive'>,
): Promise<Result | undefined> {
  const { destination, uploadId } = payload
  if (uploadId === undefined) return undefined
  const bucket = await findBucket(metadata, tenantId, destination.bucketName)
  if (bucket === undefined) return undefined
  const upload = { key: destination.key, uploadId }
  const version = await metadata.uploads.completed(bucket, upload)
  return version && { bucket, version }
}

/** Removes that version, and nothing that was put in its place. Safe to repeat. */
export async function removeResult(
  metadata: Stores,
  job: JobOf<'archive'>,
  nowMs: number,
): Promise<void> {
  const found = await findResult(metadata, job)
  if (found === undefined) return
  const { bucket, version } = found
  const { versionId, etag, modifiedMs } = version
  // A null version may be replaced at any moment; others never change.
  const condition =
    versionId === 'null' ? { condition: { ifMatch: [etag], ifModifiedAtMs: modifiedMs } } : {}
  const { key } = job.payload.destination
  await metadata.objects.delete({ bucket, key, versionId, ...condition, nowMs })
}
