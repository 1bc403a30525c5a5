// `DELETE /-/archives/ID`: cancels a job that is on its way, removes the result of one that is done,
// and forgets one that is over.
import type { ArchiveJob } from '../../metadata/archive-job-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { askerOf } from '../native-api/native-permission.ts'
import type { NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { ArchiveRouteDeps } from './archive-deps.ts'
import { permitDeletion } from './archive-permission.ts'
import { cleanUpJob } from './clean-up-job.ts'
import { removeResult } from './result-object.ts'
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
    await permitDeletion(asker, job)
    if (await end(deps, job, services.now())) return { status: 204 }
  }
  throw new S3Error('OperationAborted')
}

/** False: the job has changed meanwhile. */
async function end(
  { metadata }: ArchiveRouteDeps,
  job: ArchiveJob,
  nowMs: number,
): Promise<boolean> {
  const changed = { ...job, changedMs: nowMs, revision: job.revision + 1 }
  switch (job.state.is) {
    case 'queued':
    case 'running': {
      const cancelled = { ...changed, state: { is: 'cancelled' } } as const
      if ((await metadata.archiveJobs.put(cancelled)).is === 'changed') return false
      // Whoever runs it meets the change, or the missing upload.
      await cleanUpJob(metadata, cancelled, nowMs)
      return true
    }
    case 'done': {
      await removeResult(metadata, job, nowMs)
      const put = await metadata.archiveJobs.put({ ...changed, state: { is: 'expired' } })
      return put.is === 'done'
    }
    default:
      // In case that whoever has ended it died before this.
      await cleanUpJob(metadata, job, nowMs)
      await metadata.archiveJobs.remove(job)
      return true
  }
}
