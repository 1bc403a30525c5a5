// The object that an archive job has stored: whether it is still the one, and how it is removed.
import type { ArchiveJob } from '../../metadata/archive-job-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket } from '../../metadata/records.ts'

type Objects = Pick<MetadataStore, 'buckets' | 'objects'>

export async function hasResult(metadata: Objects, job: ArchiveJob): Promise<boolean> {
  return (await findResult(metadata, job)) !== undefined
}

/** Removes that version, and nothing that was put in its place. Safe to repeat. */
export async function removeResult(
  metadata: Objects,
  job: ArchiveJob,
  nowMs: number,
): Promise<void> {
  const bucket = await findResult(metadata, job)
  if (bucket === undefined || job.state.is !== 'done') return
  const { key } = job.destination
  const { versionId, objectEtag } = job.state
  // A null version may be replaced at any moment; others never change.
  const condition = versionId === 'null' ? { condition: { ifMatch: [objectEtag] } } : {}
  await metadata.objects.delete({ bucket, key, versionId, ...condition, nowMs })
}

/** The bucket in which the result is; undefined: it is not there any more. */
async function findResult(
  metadata: Objects,
  { tenantId, destination, state }: ArchiveJob,
): Promise<Bucket | undefined> {
  if (state.is !== 'done') return undefined
  const bucket = await metadata.buckets.get(tenantId, destination.bucketName)
  const found = bucket && (await metadata.objects.get(bucket, destination.key, state.versionId))
  return found?.is === 'object' && found.etag === state.objectEtag ? bucket : undefined
}
