// One attempt at a job, from its claim to what becomes of it: done, to be tried again, or failed.

import type { ArchiveJob } from '../../metadata/archive-job-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { findBucket } from '../access/find-bucket.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import { retryPause } from '../background/retry-pause.ts'
import { UnreadableData } from '../data/read/reader-deps.ts'
import { storagePauseMs } from '../data/storage-full.ts'
import type { Ingest } from '../data/write/ingest.ts'
import { removeManifest } from '../zip/manifest-cache.ts'
import type { ZipService } from '../zip/zip-service.ts'
import { attemptsMax, jobLifeMs } from './archive-limits.ts'
import { cleanUpJob } from './clean-up-job.ts'
import { JobProgress } from './job-progress.ts'
import { JobFailed, JobRow, JobTaken } from './job-row.ts'
import { StoppedForNow, type StoredResult, storeArchive } from './store-archive.ts'

export type ArchiveWorkerDeps = {
  readonly metadata: MetadataStore
  readonly zip: ZipService
  readonly ingest: () => Promise<Ingest>
  readonly keysOfTenant: (tenantId: TenantId) => Promise<TenantKeys | undefined>
  readonly random: RandomBytes
  readonly now: () => number
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void
}

/** `job` is queued and its time has come. Throws only what the metadata store throws. */
export async function runArchiveJob(
  deps: ArchiveWorkerDeps,
  job: ArchiveJob,
  signal: AbortSignal,
): Promise<void> {
  const { metadata, now } = deps
  const row = new JobRow(job, { jobs: metadata.archiveJobs, now })
  if (!(await claimed(row))) return
  try {
    await runClaimed(deps, row, signal)
  } catch (cause) {
    if (!(cause instanceof JobTaken)) throw cause
    // Whoever has cancelled it may have missed what was begun, or ended, at the same moment.
    await cleanUpJob(metadata, row.job, now())
  }
}

/** False: somebody else was first. */
async function claimed(row: JobRow): Promise<boolean> {
  try {
    await row.change({ state: { is: 'running' }, attempts: row.job.attempts + 1 })
    return true
  } catch (cause) {
    if (cause instanceof JobTaken) return false
    throw cause
  }
}

/** Throws `JobTaken`. */
async function runClaimed(
  deps: ArchiveWorkerDeps,
  row: JobRow,
  signal: AbortSignal,
): Promise<void> {
  try {
    const result = await attempt(deps, row, signal)
    await finish(deps, row, result)
  } catch (cause) {
    if (cause instanceof JobTaken) throw cause
    await giveBack(deps, row, cause)
  }
}

async function attempt(
  deps: ArchiveWorkerDeps,
  row: JobRow,
  signal: AbortSignal,
): Promise<StoredResult> {
  const { metadata, zip, random, now, clock } = deps
  const { job } = row
  if (job.attempts > attemptsMax) throw new JobFailed('The server has died in each attempt.')
  if (now() >= job.createdMs + jobLifeMs) throw new JobFailed('The job has become too old.')
  const manifest = await metadata.manifests.get(job.manifestId)
  if (manifest === undefined) {
    throw new JobFailed('The frozen list of the archive is gone. Ask for the archive again.')
  }
  const keys = await deps.keysOfTenant(job.tenantId)
  const bucket = await findBucket(metadata, job.tenantId, job.destination.bucketName)
  if (keys === undefined || bucket === undefined) {
    throw new JobFailed('The bucket of the destination does not exist any more.')
  }
  const progress = new JobProgress(row, manifest, { manifests: metadata.manifests, clock })
  const ingest = await deps.ingest()
  const storing = { row, manifest, bucket, keys, progress, signal }
  return storeArchive({ metadata, zip, ingest, random, now }, storing)
}

async function finish(
  { metadata, now }: ArchiveWorkerDeps,
  row: JobRow,
  result: StoredResult,
): Promise<void> {
  const { totalBytes, totalEntries, lifeMs, manifestId } = row.job
  await row.change({
    doneBytes: totalBytes,
    doneEntries: totalEntries,
    state: {
      is: 'done',
      versionId: result.versionId,
      objectEtag: result.etag,
      expiresMs: now() + lifeMs,
    },
  })
  await removeManifest(metadata, manifestId)
}

/** After a failure: queued again for later, or failed for good. What the storage lacks is no attempt. */
async function giveBack(deps: ArchiveWorkerDeps, row: JobRow, cause: unknown): Promise<void> {
  const { job } = row
  if (cause instanceof StoppedForNow) {
    const state = { is: 'queued', notBeforeMs: deps.now() } as const
    return row.change({ state, attempts: job.attempts - 1 })
  }
  const lastError = reasonOf(cause)
  const pauseMs = storagePauseMs(cause)
  if (pauseMs !== undefined) {
    const state = { is: 'queued', notBeforeMs: deps.now() + pauseMs } as const
    return row.change({ state, lastError, attempts: job.attempts - 1 })
  }
  deps.log('archive job failed', { job: job.jobId, attempt: job.attempts, cause })
  if (cause instanceof JobFailed || job.attempts >= attemptsMax) {
    await row.change({ state: { is: 'failed' }, lastError })
    return cleanUpJob(deps.metadata, row.job, deps.now())
  }
  const notBeforeMs = deps.now() + retryPause(job.attempts)
  await row.change({ state: { is: 'queued', notBeforeMs }, lastError })
}

function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return cause instanceof UnreadableData
    ? `Data of what is archived cannot be read: ${message}.`
    : message
}
