// What an archive job looks like in JSON.
import type { ArchiveJob } from '../../metadata/archive-job-store.ts'

export function describeJob(job: ArchiveJob, url: string | undefined) {
  const { state } = job
  return {
    id: job.jobId,
    state: state.is,
    bucket: job.bucketName,
    prefix: job.prefix,
    options: { windows: job.windows },
    destination: { bucket: job.destination.bucketName, key: job.destination.key },
    class: job.sizeClass,
    etag: job.etag,
    progress: {
      entries: job.doneEntries,
      bytes: job.doneBytes,
      totalEntries: job.totalEntries,
      totalBytes: job.totalBytes,
    },
    attempts: job.attempts,
    created: new Date(job.createdMs).toISOString(),
    changed: new Date(job.changedMs).toISOString(),
    ...(job.lastError === undefined || state.is === 'done' ? {} : { error: job.lastError }),
    ...(state.is === 'done'
      ? {
          expires: new Date(state.expiresMs).toISOString(),
          ...(state.versionId === 'null' ? {} : { versionId: state.versionId }),
          url,
        }
      : {}),
  }
}
