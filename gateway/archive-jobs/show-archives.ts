// `GET /-/archives` and `GET /-/archives/ID`.
import type { JobOf } from '../../metadata/job-store.ts'
import { parseJobId } from '../../metadata/record-ids.ts'
import type { TenantId } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { askerOf, permitOnBucket, permitOnService } from '../native-api/native-permission.ts'
import { jsonReply, type NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import { describeJob } from './archive-description.ts'
import { presignResult } from './presign-result.ts'

const pageJobs = 100

export async function showArchive(
  deps: ArchiveRouteDeps,
  call: NativeCall,
  id: string,
): Promise<Reply> {
  const { identity } = await call.authenticate()
  const job = await findJob(deps, identity.tenantId, id)
  const bucket = { tenantId: job.tenantId, name: job.payload.bucketName }
  await permitOnBucket(askerOf(call, identity), 'holdfast:GetArchive', bucket)
  const url = await presignResult(deps, call, { job, identity })
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
