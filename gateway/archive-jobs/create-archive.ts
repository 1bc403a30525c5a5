// `POST /-/archives`: freezes the prefix and queues a job to store it, unless there is one for the same
// archive at the same destination already.
import { createHash } from 'node:crypto'
import type { JobId, JobOf } from '../../metadata/job-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { parseJobId } from '../../metadata/record-ids.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import { objectBytesMax } from '../../protocol/s3/limits.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { keepAsker } from '../access/asked-by.ts'
import { askerOf } from '../native-api/native-permission.ts'
import { jsonReply, type NativeCall } from '../native-api/native-route.ts'
import { readJson } from '../native-api/read-json.ts'
import type { Reply } from '../reply.ts'
import { looksWithin } from '../zip/frozen-listing.ts'
import { removeManifest } from '../zip/manifest-cache.ts'
import { requireEntries } from '../zip/manifest-entries.ts'
import { openPrefix } from '../zip/prefix-entries.ts'
import { manifestsOfTenant } from '../zip/tenant-manifests.ts'
import { clashFilterBytes } from '../zip/zip-limits.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import {
  archiveLanes,
  archiveRequestBytesMax,
  jobLifeMs,
  jobsUnderWayMax,
  smallBytesMax,
  smallEntriesMax,
} from './archive-limits.ts'
import { type PermittedOrder, permitOrder } from './archive-permission.ts'
import { type ArchiveOrder, archiveOrder } from './archive-request.ts'
import { cleanUpJob, findResult } from './job-holdings.ts'
import { describeJob, presignResult } from './show-archives.ts'

/** Times that a race with others is tried again. */
const triesMax = 10
const jobScopeBeginning = 'archive job '

/** 202 with a new job, 200 with one that was there. */
export async function createArchive(deps: ArchiveRouteDeps, call: NativeCall): Promise<Reply> {
  const { identity, body, signer } = await call.authenticate()
  const order = await readJson(body, archiveOrder, archiveRequestBytesMax)
  const permitted = await permitOrder(call, askerOf(call, identity), order)
  const signal = call.client.hungUp()
  const askedBy = keepAsker(identity, call.context)
  const asked = { order, ...permitted, askedBy, nowMs: call.services.now(), signal }
  for (let tries = 0; tries < triesMax; tries += 1) {
    const made = await makeJob(deps, asked)
    if (made === undefined) continue
    const url = await presignResult(deps, call, { job: made.job, signer })
    return jsonReply(made.isNew ? 202 : 200, describeJob(made.job, url))
  }
  throw new S3Error('OperationAborted')
}

type Asked = PermittedOrder & {
  readonly order: ArchiveOrder
  readonly askedBy: string
  readonly nowMs: number
  /** Of who asks. */
  readonly signal: AbortSignal
}

/** Undefined: another job came in between. */
async function makeJob(
  deps: ArchiveRouteDeps,
  { order, bucket, readable, askedBy, nowMs, signal }: Asked,
): Promise<{ readonly job: JobOf<'archive'>; readonly isNew: boolean } | undefined> {
  const { metadata } = deps
  const scope = scopeOf(order, bucket)
  const manifest = await freeze(deps, { order, bucket, scope, signal })
  const { manifestId } = manifest
  await requireEntries(metadata.manifests, manifest, readable)
  refuseTooLarge(manifest)
  const jobId = jobIdOf(scope, manifest)
  const known = await metadata.jobs.get({ kind: 'archive', tenantId: bucket.tenantId, jobId })
  const isKnown = known !== undefined && (await isOfUse(deps, known, nowMs))
  if (!isKnown) await refuseTooMany(deps, bucket.tenantId)
  // Others may have found the same list. It is for one of us to use or to remove, from here on.
  const to = `${jobScopeBeginning}${jobId}`
  const isOurs =
    (await metadata.manifests.moveToScope(manifestId, { from: scope, to })).is === 'done'
  if (isKnown) {
    if (isOurs) await removeManifest(metadata, manifestId)
    return { job: known, isNew: false }
  }
  if (!isOurs) return undefined
  // Its row is about to go, and nobody would look after it any more.
  if (known !== undefined) await cleanUpJob(metadata, known, nowMs)
  const revision = (known?.revision ?? 0) + 1
  const job = newJob({ order, bucket, askedBy, nowMs, manifest, jobId, revision })
  if ((await metadata.jobs.put(job)).is === 'changed') {
    await removeManifest(metadata, manifestId)
    return undefined
  }
  await holdManifest(deps, manifest, nowMs + jobLifeMs)
  return { job, isNew: true }
}

function refuseTooLarge({ totalBytes }: Manifest): void {
  if (totalBytes <= objectBytesMax) return
  throw new S3Error('EntityTooLarge', {
    ProposedSize: String(totalBytes),
    MaxSizeAllowed: String(objectBytesMax),
  })
}

/** Jobs hold their lists until they are over: they leave room for those of downloads and bundles. */
async function refuseTooMany({ metadata }: ArchiveRouteDeps, tenantId: TenantId): Promise<void> {
  const held = await manifestsOfTenant(metadata.manifests, tenantId)
  const ofJobs = held.filter(({ scope }) => scope.startsWith(jobScopeBeginning))
  if (ofJobs.length < jobsUnderWayMax) return
  throw new S3Error('SlowDown', undefined, {
    message: `${jobsUnderWayMax} archive jobs are under way. Try again when some of them are over.`,
  })
}

/** Archives of one scope are stored at one place. Jobs keep their lists in scopes of their own. */
function scopeOf({ prefix, windows, destination }: ArchiveOrder, bucket: Bucket): string {
  const place = [bucket.id, prefix, windows, destination.bucketName, destination.key]
  return `archive ${JSON.stringify(place)}`
}

function freeze(
  { metadata, zip }: ArchiveRouteDeps,
  wanted: Pick<Asked, 'order' | 'bucket' | 'signal'> & { readonly scope: string },
): Promise<Manifest> {
  const { order, bucket, scope, signal } = wanted
  const { prefix, windows, destination } = order
  // An archive is no part of itself, and storing it leaves what it is made of unchanged.
  const itself = destination.bucketName === bucket.name ? { except: destination.key } : {}
  return zip.archives.freeze({
    tenantId: bucket.tenantId,
    scope,
    // As `?zip` has them, so that the same prefix has the same ETag and bytes.
    options: windows ? `windows ${clashFilterBytes}` : 'plain',
    emptyModifiedMs: bucket.createdMs,
    scopes: [{ is: 'prefix', bucketId: bucket.id, prefix }],
    signal,
    open: (shared) =>
      openPrefix(looksWithin(metadata, shared), bucket, { prefix, windows, ...itself }),
  })
}

/** The same request for the same archive has the same id. */
function jobIdOf(scope: string, manifest: Manifest): JobId {
  const digest = createHash('sha256')
    .update(JSON.stringify([scope, manifest.etag]))
    .digest('hex')
  const jobId = parseJobId(digest.slice(0, 32))
  if (jobId === undefined) throw new RangeError('a digest that is no id')
  return jobId
}

/** Whether a job is on its way to the result, or has it and it is still there. */
async function isOfUse(
  { metadata }: ArchiveRouteDeps,
  job: JobOf<'archive'>,
  nowMs: number,
): Promise<boolean> {
  switch (job.state) {
    case 'queued':
    case 'running':
      return true
    case 'done':
      if ((job.payload.result?.expiresMs ?? 0) <= nowMs) return false
      return (await findResult(metadata, job)) !== undefined
    default:
      return false
  }
}

/** The list, and the data it refers to. Until then it has lived, and goes on doing so, for a day. */
async function holdManifest(
  { metadata }: ArchiveRouteDeps,
  { manifestId, entries }: Manifest,
  untilMs: number,
): Promise<void> {
  // An archive of nothing holds nothing. What is gone by now was cancelled.
  if (entries > 0) await metadata.leases.renew(manifestId, untilMs)
  await metadata.manifests.touch(manifestId, untilMs)
}

type NewJob = Omit<Asked, 'readable' | 'signal'> &
  Pick<JobOf<'archive'>, 'jobId' | 'revision'> & { readonly manifest: Manifest }

function newJob({ order, bucket, askedBy, nowMs, manifest, ...names }: NewJob): JobOf<'archive'> {
  const { manifestId, etag, entries, totalBytes } = manifest
  const isSmall = totalBytes <= smallBytesMax && entries <= smallEntriesMax
  const sizeClass = isSmall ? 'small' : 'large'
  return {
    kind: 'archive',
    tenantId: bucket.tenantId,
    ...names,
    state: 'queued',
    next: { lane: archiveLanes[sizeClass].name, dueMs: nowMs },
    attempts: 0,
    progress: { items: 0, bytes: 0 },
    createdMs: nowMs,
    changedMs: nowMs,
    payload: { ...order, manifestId, etag, totalEntries: entries, totalBytes, sizeClass, askedBy },
  }
}
