// Jobs as bytes: what all of them have. What a kind has besides: `job-payload-codec.ts`.
import { type JobKind, jobKinds } from '../job-kinds.ts'
import { type Job, type JobOf, jobStates } from '../job-store.ts'
import { parseJobId, parseTenantId } from '../record-ids.ts'
import { encodePayload, parsePayload } from './job-payload-codec.ts'
import {
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  id,
  optionalText,
  RecordCorrupt,
  word,
} from './record-frame.ts'

export function encodeJob<K extends JobKind>(job: JobOf<K>): Buffer {
  return encodeRecord(1, [
    jobKinds.indexOf(job.kind),
    job.tenantId,
    job.jobId,
    job.revision,
    jobStates.indexOf(job.state),
    job.next?.lane,
    job.next?.dueMs,
    job.owner,
    job.attempts,
    job.lastError,
    job.progress.items,
    job.progress.bytes,
    job.createdMs,
    job.changedMs,
    encodePayload(job.kind, job.payload),
  ])
}

export function parseJob(bytes: Uint8Array): Job {
  const fields = decodeRecord('job', bytes)
  const lane = optionalText(fields, 5)
  const owner = optionalText(fields, 7)
  const lastError = optionalText(fields, 9)
  const kind = word(jobKinds, fields, 0)
  const job: Omit<JobOf<JobKind>, 'kind' | 'payload'> = {
    tenantId: id(parseTenantId, fields, 1),
    jobId: id(parseJobId, fields, 2),
    revision: count(fields, 3),
    state: word(jobStates, fields, 4),
    ...(lane === undefined ? {} : { next: { lane, dueMs: count(fields, 6) } }),
    ...(owner === undefined ? {} : { owner }),
    attempts: count(fields, 8),
    ...(lastError === undefined ? {} : { lastError }),
    progress: { items: count(fields, 10), bytes: count(fields, 11) },
    createdMs: count(fields, 12),
    changedMs: count(fields, 13),
  }
  // Which kind goes with which payload is `parsePayload`'s to know.
  return { ...job, kind, payload: parsePayload(kind, bytesAt(fields, 14)) } as Job
}

export function parseJobOf<K extends JobKind>(kind: K, bytes: Uint8Array): JobOf<K> {
  const job = parseJob(bytes)
  if (job.kind !== kind) throw new RecordCorrupt(`job: of kind ${job.kind} in the place of ${kind}`)
  return job as JobOf<K>
}
