// What an archive job holds besides its row, and how it is given back: the frozen list with the data that
// it refers to, the upload under way, and the object that was made of it. That is known by its upload, so
// that nothing else at its key is ever taken for it.
import type { JobOf } from '../../metadata/job-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, ObjectVersion } from '../../metadata/records.ts'
import { findBucket } from '../access/find-bucket.ts'
import { removeManifest } from '../zip/manifest-cache.ts'

/**
 * Gives back what a job that is over has held; and when it was cancelled at its very end, what became of its
 * upload. Nobody else uses the upload and the list that a job's row names, not even the same job when it is
 * asked for again: so it matters neither when this is done nor how often.
 */
export async function cleanUpJob(
  metadata: MetadataStore,
  job: JobOf<'archive'>,
  nowMs: number,
): Promise<void> {
  if (job.state !== 'done') {
    await abortUpload(metadata, job)
    await removeResult(metadata, job, nowMs)
  }
  await removeManifest(metadata, job.payload.manifestId)
}

export async function abortUpload(
  metadata: MetadataStore,
  { tenantId, payload }: JobOf<'archive'>,
): Promise<void> {
  const { destination, uploadId } = payload
  if (uploadId === undefined) return
  const bucket = await findBucket(metadata, tenantId, destination.bucketName)
  if (bucket !== undefined) await metadata.uploads.abort(bucket, { key: destination.key, uploadId })
}

type Stores = Pick<MetadataStore, 'tenants' | 'buckets' | 'objects' | 'uploads'>
type Result = { readonly bucket: Bucket; readonly version: ObjectVersion }

/** The object that the job has stored. Absent: it was never stored, or removed or replaced since. */
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
