// Gives back what a job that is over has held: the upload under way, what became of that upload when
// the job was cancelled at its very end, the frozen list and the data that list refers to.
import type { JobOf } from '../../metadata/job-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { findBucket } from '../access/find-bucket.ts'
import { removeManifest } from '../zip/manifest-cache.ts'
import { removeResult } from './result-object.ts'

/**
 * Nobody else uses the upload and the list that a job's row names, not even the same job when it is
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
