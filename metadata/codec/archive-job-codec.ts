// Archive jobs as bytes.
import { type ArchiveJob, type ArchiveJobState, archiveSizeClasses } from '../archive-job-store.ts'
import {
  parseArchiveJobId,
  parseManifestId,
  parseTenantId,
  parseUploadId,
  parseVersionId,
} from '../record-ids.ts'
import {
  count,
  decodeRecord,
  encodeRecord,
  type Fields,
  id,
  optionalText,
  text,
  word,
} from './record-frame.ts'

/** Stored as positions: append, never reorder. */
export const archiveJobStates = [
  'queued',
  'running',
  'done',
  'failed',
  'cancelled',
  'expired',
] as const satisfies readonly ArchiveJobState['is'][]

const stateAt = 20

export function encodeArchiveJob(job: ArchiveJob): Buffer {
  return encodeRecord(1, [
    job.jobId,
    job.tenantId,
    job.bucketName,
    job.prefix,
    job.windows ? 1 : 0,
    job.destination.bucketName,
    job.destination.key,
    job.lifeMs,
    job.manifestId,
    job.etag,
    job.totalEntries,
    job.totalBytes,
    archiveSizeClasses.indexOf(job.sizeClass),
    job.createdMs,
    job.changedMs,
    job.attempts,
    job.lastError,
    job.doneEntries,
    job.doneBytes,
    job.uploadId,
    archiveJobStates.indexOf(job.state.is),
    job.revision,
    ...stateFields(job.state),
  ])
}

function stateFields(state: ArchiveJobState): Fields {
  switch (state.is) {
    case 'queued':
      return [state.notBeforeMs]
    case 'done':
      return [state.versionId, state.objectEtag, state.expiresMs]
    default:
      return []
  }
}

export function parseArchiveJob(bytes: Uint8Array): ArchiveJob {
  const fields = decodeRecord('archive job', bytes)
  const lastError = optionalText(fields, 16)
  const hasUpload = optionalText(fields, 19) !== undefined
  return {
    jobId: id(parseArchiveJobId, fields, 0),
    tenantId: id(parseTenantId, fields, 1),
    bucketName: text(fields, 2),
    prefix: text(fields, 3),
    windows: count(fields, 4) === 1,
    destination: { bucketName: text(fields, 5), key: text(fields, 6) },
    lifeMs: count(fields, 7),
    manifestId: id(parseManifestId, fields, 8),
    etag: text(fields, 9),
    totalEntries: count(fields, 10),
    totalBytes: count(fields, 11),
    sizeClass: word(archiveSizeClasses, fields, 12),
    createdMs: count(fields, 13),
    changedMs: count(fields, 14),
    attempts: count(fields, 15),
    ...(lastError === undefined ? {} : { lastError }),
    doneEntries: count(fields, 17),
    doneBytes: count(fields, 18),
    ...(hasUpload ? { uploadId: id(parseUploadId, fields, 19) } : {}),
    state: parseState(fields),
    revision: count(fields, 21),
  }
}

function parseState(fields: Fields): ArchiveJobState {
  const is = word(archiveJobStates, fields, stateAt)
  const at = stateAt + 2
  switch (is) {
    case 'queued':
      return { is, notBeforeMs: count(fields, at) }
    case 'done':
      return {
        is,
        versionId: id(parseVersionId, fields, at),
        objectEtag: text(fields, at + 1),
        expiresMs: count(fields, at + 2),
      }
    default:
      return { is }
  }
}
