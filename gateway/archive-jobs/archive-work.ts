// The work of archive jobs, for a job engine: small and large ones in lanes of their own, so that a large one
// holds up no small ones.
import { isOver, type JobOf } from '../../metadata/job-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { RecallAsker } from '../access/asked-by.ts'
import { findBucket } from '../access/find-bucket.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import type { ClaimedJob } from '../background/claimed-job.ts'
import { type JobEnd, JobFailed, type JobWork } from '../background/job-work.ts'
import { UnreadableData } from '../data/read/reader-deps.ts'
import type { Ingest } from '../data/write/ingest.ts'
import { requireEntries } from '../zip/manifest-entries.ts'
import type { ZipService } from '../zip/zip-service.ts'
import { archiveLanes, attemptsMax, jobLifeMs, jobRememberedMs } from './archive-limits.ts'
import { permitRun } from './archive-permission.ts'
import { abortUpload, cleanUpJob, removeResult } from './job-holdings.ts'
import { JobProgress } from './job-progress.ts'
import { storeArchive } from './store-archive.ts'

export type ArchiveWorkDeps = {
  readonly metadata: MetadataStore
  readonly zip: ZipService
  readonly ingest: () => Promise<Ingest>
  readonly keysOfTenant: (tenantId: TenantId) => Promise<TenantKeys | undefined>
  readonly recallAsker: RecallAsker
  readonly random: RandomBytes
  readonly now: () => number
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
}

export function archiveWork(deps: ArchiveWorkDeps): JobWork<'archive'> {
  const { metadata, now } = deps
  return {
    lanes: Object.values(archiveLanes),
    attemptsMax,
    lifeMs: jobLifeMs,
    rememberedMs: jobRememberedMs,
    attempt: (claimed) => attempt(deps, claimed),
    mayPass: () => true,
    isOurs: () => true,
    reasonOf,
    cleanUp: (job) => cleanUpJob(metadata, job, now()),
    leave: (mine, current) => leave(deps, mine, current),
    result: {
      expiresMs: ({ payload }) => payload.result?.expiresMs ?? 0,
      remove: (job) => removeResult(metadata, job, now()),
    },
  }
}

async function attempt(
  deps: ArchiveWorkDeps,
  claimed: ClaimedJob<'archive'>,
): Promise<JobEnd<'archive'>> {
  const { metadata, zip, random, now, clock } = deps
  const { tenantId, payload } = claimed.job
  const manifest = await metadata.manifests.get(payload.manifestId)
  if (manifest === undefined) {
    throw new JobFailed('The frozen list of the archive is gone. Ask for the archive again.')
  }
  const keys = await deps.keysOfTenant(tenantId)
  const bucket = await findBucket(metadata, tenantId, payload.destination.bucketName)
  if (keys === undefined || bucket === undefined) {
    throw new JobFailed('The bucket of the destination does not exist any more.')
  }
  await requireStillPermitted(deps, { job: claimed.job, manifest, into: bucket })
  const progress = new JobProgress(claimed, manifest, { manifests: metadata.manifests, clock })
  const ingest = await deps.ingest()
  const storing = { claimed, manifest, bucket, keys, progress }
  const { versionId, etag } = await storeArchive({ metadata, zip, ingest, random, now }, storing)
  const { totalBytes, totalEntries, lifeMs } = payload
  const result = { versionId, objectEtag: etag, expiresMs: now() + lifeMs }
  return {
    state: 'done',
    progress: { items: totalEntries, bytes: totalBytes },
    payload: { ...claimed.job.payload, result },
  }
}

type Permitting = {
  readonly job: JobOf<'archive'>
  readonly manifest: Manifest
  readonly into: Bucket
}

/** Throws `JobFailed`. */
async function requireStillPermitted(
  { metadata, recallAsker }: ArchiveWorkDeps,
  { job, manifest, into }: Permitting,
): Promise<void> {
  const { askedBy } = job.payload
  if (askedBy === undefined) return
  const asker = await recallAsker(askedBy)
  try {
    if (asker === undefined) throw new S3Error('AccessDenied')
    const readable = await permitRun(asker, job, into)
    await requireEntries(metadata.manifests, manifest, readable)
  } catch (cause) {
    if (!(cause instanceof S3Error) || cause.code !== 'AccessDenied') throw cause
    throw new JobFailed('Whoever has asked for the archive is not permitted to make it any more.')
  }
}

async function leave(
  { metadata, now }: ArchiveWorkDeps,
  mine: JobOf<'archive'>,
  current: JobOf<'archive'> | undefined,
): Promise<void> {
  const isSame = current?.payload.manifestId === mine.payload.manifestId
  // Whoever has cancelled it may have missed what was begun, or ended, at the same moment.
  if (!isSame || (isOver(current.state) && current.state !== 'done')) {
    return cleanUpJob(metadata, mine, now())
  }
  // Another has taken it over, and goes on with the upload, or has begun one of his own.
  if (current.payload.uploadId === mine.payload.uploadId) return
  await abortUpload(metadata, mine)
  await removeResult(metadata, mine, now())
}

function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return cause instanceof UnreadableData
    ? `Data of what is archived cannot be read: ${message}.`
    : message
}
