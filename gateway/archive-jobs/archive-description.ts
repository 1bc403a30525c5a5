// What an archive job looks like in JSON.
import type { JobOf } from '../../metadata/job-store.ts'

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
