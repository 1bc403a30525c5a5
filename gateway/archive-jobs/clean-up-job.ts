// Gives back what a job that is over has held: the upload under way, what became of that upload when
// the job was cancelled at its very end, the frozen list and the data that list refers to.

import type { ArchiveJob } from '../../metadata/archive-job-store.ts'
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
  job: ArchiveJob,
  nowMs: number,
): Promise<void> {
  if (job.state.is !== 'done') {
    await abortUpload(metadata, job)
    await removeResult(metadata, job, nowMs)
  }
  await removeManifest(metadata, job.manifestId)
}

/** Whether a process died before it had cleaned up after this job. */
export async function hasLeftovers(metadata: MetadataStore, job: ArchiveJob): Promise<boolean> {
  if ((await metadata.manifests.get(job.manifestId)) !== undefined) return true
  const { tenantId, destination, uploadId } = job
  if (uploadId === undefined) return false
  const bucket = await findBucket(metadata, tenantId, destination.bucketName)
  const upload = { key: destination.key, uploadId }
  return bucket !== undefined && (await metadata.uploads.get(bucket, upload)) !== undefined
}

async function abortUpload(
  metadata: MetadataStore,
  { tenantId, destination, uploadId }: ArchiveJob,
): Promise<void> {
  if (uploadId === undefined) return
  const bucket = await findBucket(metadata, tenantId, destination.bucketName)
  if (bucket !== undefined) await metadata.uploads.abort(bucket, { key: destination.key, uploadId })
}
