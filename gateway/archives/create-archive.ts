// `POST /-/archives`: freezes the prefix and queues a job to store it, unless there is one for the same
// archive at the same destination already.
import { createHash } from 'node:crypto'
import type { ArchiveJob, ArchiveJobId } from '../../metadata/archive-job-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { parseArchiveJobId } from '../../metadata/record-ids.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import { objectBytesMax } from '../../protocol/s3/limits.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { readJsonObject } from '../http/json-body.ts'
import { jsonReply, type OwnCall } from '../http/own-route.ts'
import type { Reply } from '../operation.ts'
import { removeManifest } from '../zip/archives.ts'
import { openPrefix } from '../zip/prefix-entries.ts'
import { clashFilterBytes } from '../zip/zip-limits.ts'
import { describeJob } from './archive-description.ts'
import {
  archiveRequestBytesMax,
  jobLifeMs,
  smallBytesMax,
  smallEntriesMax,
} from './archive-limits.ts'
import type { ArchiveRouteParts } from './archive-parts.ts'
import { permitOrder } from './archive-permission.ts'
import { type ArchiveOrder, parseArchiveOrder } from './archive-request.ts'
import { presignResult } from './presign-result.ts'
import { hasResult } from './result-object.ts'

/** Times that a race with the end of another job is tried again. */
const triesMax = 5

/** 202 with a new job, 200 with one that was there. */
export async function createArchive(parts: ArchiveRouteParts, call: OwnCall): Promise<Reply> {
  const { identity, body } = await call.authenticate()
  const order = parseArchiveOrder(await readJsonObject(body, archiveRequestBytesMax))
  await permitOrder({ services: call.services, identity }, order)
  const { tenantId } = identity
  const bucket = await requireBucket(parts, tenantId, order.bucketName)
  await requireBucket(parts, tenantId, order.destination.bucketName)
  const asked = { order, bucket, nowMs: call.services.now() }
  for (let tries = 0; tries < triesMax; tries += 1) {
    const made = await makeJob(parts, asked)
    if (made === undefined) continue
    const url = await presignResult(parts, call, { job: made.job, identity })
    return jsonReply(made.isNew ? 202 : 200, describeJob(made.job, url))
  }
  throw new S3Error('OperationAborted')
}

type Asked = { readonly order: ArchiveOrder; readonly bucket: Bucket; readonly nowMs: number }

async function requireBucket(
  { metadata }: ArchiveRouteParts,
  tenantId: TenantId,
  name: string,
): Promise<Bucket> {
  const bucket = await metadata.buckets.get(tenantId, name)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: name })
  return bucket
}

/** Undefined: another job came in between. */
async function makeJob(
  parts: ArchiveRouteParts,
  { order, bucket, nowMs }: Asked,
): Promise<{ readonly job: ArchiveJob; readonly isNew: boolean } | undefined> {
  const { metadata } = parts
  const scope = scopeOf(order, bucket)
  const manifest = await freeze(parts, { order, bucket, scope })
  const jobId = jobIdOf(scope, manifest)
  const known = await metadata.archiveJobs.get(bucket.tenantId, jobId)
  if (known !== undefined && (await isOfUse(parts, known, nowMs))) {
    // What was frozen to find out is of no more use. Who has found it at once finds this job, too.
    if (known.state.is === 'done') await removeManifest(metadata, manifest.manifestId)
    return { job: known, isNew: false }
  }
  // From here on, the job's lease holds what it is about to read.
  if (!(await keepManifest(parts, manifest, nowMs))) return undefined
  const job = newJob({
    order,
    bucket,
    nowMs,
    manifest,
    jobId,
    revision: (known?.revision ?? 0) + 1,
  })
  const put = await metadata.archiveJobs.put(job)
  return put.is === 'done' ? { job, isNew: true } : undefined
}

/** Archives of one scope are stored at one place. */
function scopeOf({ prefix, windows, destination }: ArchiveOrder, bucket: Bucket): string {
  const place = [bucket.id, prefix, windows, destination.bucketName, destination.key]
  return `archive ${JSON.stringify(place)}`
}

function freeze(
  { metadata, zip }: ArchiveRouteParts,
  wanted: { readonly order: ArchiveOrder; readonly bucket: Bucket; readonly scope: string },
): Promise<Manifest> {
  const { order, bucket, scope } = wanted
  const { prefix, windows } = order
  return zip.archives.freeze({
    tenantId: bucket.tenantId,
    scope,
    // As `?zip` has them, so that the same prefix has the same ETag and bytes.
    options: windows ? `windows ${clashFilterBytes}` : 'plain',
    emptyModifiedMs: bucket.createdMs,
    open: () => openPrefix(metadata.objects, bucket, { prefix, windows }),
  })
}

/** The same request for the same archive has the same id. */
function jobIdOf(scope: string, manifest: Manifest): ArchiveJobId {
  const digest = createHash('sha256')
    .update(JSON.stringify([scope, manifest.etag]))
    .digest('hex')
  const jobId = parseArchiveJobId(digest.slice(0, 32))
  if (jobId === undefined) throw new RangeError('a digest that is no id')
  return jobId
}

/** Whether a job is on its way to the result, or has it and it is still there. */
async function isOfUse(
  { metadata }: ArchiveRouteParts,
  job: ArchiveJob,
  nowMs: number,
): Promise<boolean> {
  switch (job.state.is) {
    case 'queued':
    case 'running':
      return true
    case 'done':
      return job.state.expiresMs > nowMs && hasResult(metadata, job)
    default:
      return false
  }
}

async function keepManifest(
  { metadata }: ArchiveRouteParts,
  { manifestId, entries }: Manifest,
  nowMs: number,
): Promise<boolean> {
  const untilMs = nowMs + jobLifeMs
  const touched = await metadata.manifests.touch(manifestId, untilMs)
  if (touched.is !== 'done') return false
  // An archive of nothing holds nothing.
  if (entries === 0) return true
  return (await metadata.leases.renew(manifestId, untilMs)).is === 'renewed'
}

type NewJob = Asked & Pick<ArchiveJob, 'jobId' | 'revision'> & { readonly manifest: Manifest }

function newJob({ order, bucket, nowMs, manifest, jobId, revision }: NewJob): ArchiveJob {
  const { manifestId, etag, entries, totalBytes } = manifest
  if (totalBytes > objectBytesMax) {
    throw new S3Error('EntityTooLarge', {
      ProposedSize: String(totalBytes),
      MaxSizeAllowed: String(objectBytesMax),
    })
  }
  const isSmall = totalBytes <= smallBytesMax && entries <= smallEntriesMax
  return {
    ...order,
    jobId,
    tenantId: bucket.tenantId,
    manifestId,
    etag,
    totalEntries: entries,
    totalBytes,
    sizeClass: isSmall ? 'small' : 'large',
    createdMs: nowMs,
    changedMs: nowMs,
    attempts: 0,
    doneEntries: 0,
    doneBytes: 0,
    state: { is: 'queued', notBeforeMs: nowMs },
    revision,
  }
}
