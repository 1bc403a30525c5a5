// Gives back what a job that is over has held: the upload under way, the frozen list, the data that
// list refers to. Safe to repeat.
import type { ArchiveJob } from '../../metadata/archive-job-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { removeManifest } from '../zip/archives.ts'

export async function cleanUpJob(metadata: MetadataStore, job: ArchiveJob): Promise<void> {
  const { tenantId, destination, uploadId, manifestId } = job
  if (uploadId !== undefined) {
    const bucket = await metadata.buckets.get(tenantId, destination.bucketName)
    if (bucket !== undefined)
      await metadata.uploads.abort(bucket, { key: destination.key, uploadId })
  }
  await removeManifest(metadata, manifestId)
}
