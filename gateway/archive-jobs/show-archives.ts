// `GET /-/archives` and `GET /-/archives/ID`: what an archive job looks like in JSON, and the URL of its result.
import type { JobOf } from '../../metadata/job-store.ts'
import { parseJobId } from '../../metadata/record-ids.ts'
import type { TenantId } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import type { Signer } from '../access/authenticate.ts'
import { askerOf, permitOnBucket, permitOnService } from '../native-api/native-permission.ts'
import { jsonReply, type NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import { presignedSecondsMax } from './archive-limits.ts'

const pageJobs = 100

export async function showArchive(
  deps: ArchiveRouteDeps,
  call: NativeCall,
  id: string,
): Promise<Reply> {
  const { identity, signer } = await call.authenticate()
  const job = await findJob(deps, identity.tenantId, id)
  const bucket = { tenantId: job.tenantId, name: job.payload.bucketName }
  await permitOnBucket(askerOf(call, identity), 'holdfast:GetArchive', bucket)
  const url = await presignResult(deps, call, { job, signer })
  return jsonReply(200, describeJob(job, url))
}

/** Throws `NoSuchArchive`. */
export async function findJob(
  { metadata }: ArchiveRouteDeps,
  tenantId: TenantId,
  id: string,
): Promise<JobOf<'archive'>> {
  const jobId = parseJobId(id)
  const job = jobId && (await metadata.jobs.get({ kind: 'archive', tenantId, jobId }))
  if (job === undefined) throw new S3Error('NoSuchArchive', { ArchiveId: id })
  return job
}

/** Newest first, 100 a page; `next` of one page is `after` of the following. */
export async function listArchives(deps: ArchiveRouteDeps, call: NativeCall): Promise<Reply> {
  const { query } = call
  const { identity } = await call.authenticate()
  await permitOnService(askerOf(call, identity), 'holdfast:ListArchives')
  const after = parseAfter(query.get('after'))
  const ofTenant = { kind: 'archive', tenantId: identity.tenantId } as const
  const jobs = await deps.metadata.jobs.list(ofTenant, {
    limit: pageJobs,
    ...(after === undefined ? {} : { after }),
  })
  const last = jobs.length === pageJobs ? jobs.at(-1) : undefined
  return jsonReply(200, {
    archives: jobs.map((job) => describeJob(job, undefined)),
    ...(last === undefined ? {} : { next: `${last.createdMs}-${last.jobId}` }),
  })
}

function parseAfter(
  raw: string | undefined,
): Pick<JobOf<'archive'>, 'createdMs' | 'jobId'> | undefined {
  if (raw === undefined) return undefined
  const [, ms = '', id = ''] = /^(\d{1,15})-([0-9a-f]{32})$/.exec(raw) ?? []
  const jobId = parseJobId(id)
  if (jobId !== undefined) return { createdMs: Number(ms), jobId }
  throw new S3Error('InvalidArgument', { ArgumentName: 'after', ArgumentValue: raw })
}

export function describeJob(job: JobOf<'archive'>, url: string | undefined) {
  const { state, progress, payload } = job
  const { destination, result } = payload
  const isDone = state === 'done'
  return {
    id: job.jobId,
    state,
    bucket: payload.bucketName,
    prefix: payload.prefix,
    options: { windows: payload.windows },
    destination: { bucket: destination.bucketName, key: destination.key },
    class: payload.sizeClass,
    etag: payload.etag,
    progress: {
      entries: progress.items,
      bytes: progress.bytes,
      totalEntries: payload.totalEntries,
      totalBytes: payload.totalBytes,
    },
    attempts: job.attempts,
    created: new Date(job.createdMs).toISOString(),
    changed: new Date(job.changedMs).toISOString(),
    ...(job.lastError === undefined || isDone ? {} : { error: job.lastError }),
    ...(isDone && result !== undefined
      ? {
          expires: new Date(result.expiresMs).toISOString(),
          ...(result.versionId === 'null' ? {} : { versionId: result.versionId }),
          url,
        }
      : {}),
  }
}

/**
 * The URL of a finished archive, presigned with the key of whoever asks, at the time of asking: no secret is
 * stored with the job, and the URL is worth what that key is. Absent: the job is not done, or its result has
 * expired. Valid for 7 days, or until that expiry.
 */
export async function presignResult(
  deps: ArchiveRouteDeps,
  call: NativeCall,
  { job, signer }: { readonly job: JobOf<'archive'>; readonly signer: Signer },
): Promise<string | undefined> {
  const { state, payload } = job
  const { destination, result } = payload
  if (state !== 'done' || result === undefined) return undefined
  const nowMs = call.services.now()
  const secondsLeft = Math.floor((result.expiresMs - nowMs) / 1000)
  if (secondsLeft < 1) return undefined
  const credentials = { ...signer, region: call.services.region }
  return presignUrl(
    {
      method: 'GET',
      origin: call.endpoint,
      path: `/${[destination.bucketName, ...destination.key.split('/')].map(encodeURIComponent).join('/')}`,
      ...(result.versionId === 'null' ? {} : { query: { versionId: result.versionId } }),
      expiresSeconds: Math.min(secondsLeft, presignedSecondsMax),
    },
    { credentials, signingKeys: deps.signingKeys, nowMs },
  )
}
