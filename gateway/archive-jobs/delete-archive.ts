// `DELETE /-/archives/ID`: cancels a job that is on its way, removes the result of one that is done,
// and forgets one that is over.
import type { JobOf } from '../../metadata/job-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { endedFromOutside } from '../background/job-upkeep.ts'
import { askerOf } from '../native-api/native-permission.ts'
import type { NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import { permitDeletion } from './archive-permission.ts'
import { cleanUpJob, removeResult } from './job-holdings.ts'
import { findJob } from './show-archives.ts'

/** A running job notes its progress, and the row changes under us. */
const triesMax = 20

export async function deleteArchive(
  deps: ArchiveRouteDeps,
  call: NativeCall,
  id: string,
): Promise<Reply> {
  const { services } = call
  const { identity } = await call.authenticate()
  const asker = askerOf(call, identity)
  for (let tries = 0; tries < triesMax; tries += 1) {
    const job = await findJob(deps, identity.tenantId, id)
    await permitDeletion(deps.metadata, asker, job)
    if (await end(deps, job, services.now())) return { status: 204 }
  }
  throw new S3Error('OperationAborted')
}

/** False: the job has changed meanwhile. */
async function end(
  { metadata }: ArchiveRouteDeps,
  job: JobOf<'archive'>,
  nowMs: number,
): Promise<boolean> {
  switch (job.state) {
    case 'queued':
    case 'running': {
      const cancelled = endedFromOutside(job, 'cancelled', nowMs)
      if ((await metadata.jobs.put(cancelled)).is === 'changed') return false
      // Whoever runs it meets the change, or the missing upload.
      await cleanUpJob(metadata, cancelled, nowMs)
      return true
    }
    case 'done': {
      await removeResult(metadata, job, nowMs)
      const put = await metadata.jobs.put(endedFromOutside(job, 'expired', nowMs))
      return put.is === 'done'
    }
    default:
      // In case that whoever has ended it died before this.
      await cleanUpJob(metadata, job, nowMs)
      return (await metadata.jobs.remove(job)).is === 'done'
  }
}
