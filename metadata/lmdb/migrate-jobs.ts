// From layout 5 to 6. Until layout 5 archive jobs had tables of their own, and what a bundle had to gather stood
// in its row. Both are jobs now. Page by page a row becomes a job in the step in which its old one goes, so
// that a migration that was killed goes on with what is left.
import { encodeBundle, parseBundle } from '../codec/bundle-codec.ts'
import {
  array,
  bytesAt,
  count,
  decodeRecord,
  id,
  optionalText,
  text,
  word,
} from '../codec/record-frame.ts'
import { archiveSizeClasses } from '../job-kinds.ts'
import { isOver, type JobOf, jobStates } from '../job-store.ts'
import {
  parseJobId,
  parseManifestId,
  parseTenantId,
  parseUploadId,
  parseVersionId,
} from '../record-ids.ts'
import { putJob } from './job-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { everyRow } from './row-keys.ts'

const movedAtOnce = 1_000
const bundleIdBytes = 16

/** `finish` is done with the last step. */
export async function migrateJobs(
  env: LmdbEnvironment,
  finish: (tables: Tables) => void,
): Promise<void> {
  while (await env.write(moveArchiveJobs));
  while (await env.write(moveGatherings));
  for (const name of ['archiveJobTimes', 'archiveJobStates'] as const) {
    while (await env.write((tables) => emptyTable(tables, name)));
  }
  await env.write(finish)
}

/** False: there was nothing left to be moved. */
function moveArchiveJobs(tables: Tables): boolean {
  const keys = tables.archiveJobs.keys({ ...everyRow, limit: movedAtOnce })
  for (const key of keys) {
    const row = tables.archiveJobs.get(key)
    if (row !== undefined) putJob(tables, parseFormerArchiveJob(row))
    tables.archiveJobs.remove(key)
  }
  return keys.length > 0
}

function moveGatherings(tables: Tables): boolean {
  const keys = tables.bundleGatherings.keys({ ...everyRow, limit: movedAtOnce })
  for (const place of keys) {
    const key = place.subarray(place.length - bundleIdBytes)
    const row = tables.bundles.get(key)
    const job = row && gatheringOf(row)
    if (row !== undefined && job !== undefined) {
      putJob(tables, job)
      tables.bundles.put(key, encodeBundle(parseBundle(row)))
    }
    tables.bundleGatherings.remove(place)
  }
  return keys.length > 0
}

function emptyTable(tables: Tables, name: 'archiveJobTimes' | 'archiveJobStates'): boolean {
  const keys = tables[name].keys({ ...everyRow, limit: movedAtOnce })
  for (const key of keys) tables[name].remove(key)
  return keys.length > 0
}

/** In format 2 of a bundle: manifest, sealed sources, attempts, queued or running, and until when it waits. */
function gatheringOf(row: Buffer): JobOf<'gathering'> | undefined {
  const { bundleId, tenantId, createdMs, gathering: manifestId } = parseBundle(row)
  if (manifestId === undefined) return undefined
  const gathering = array(decodeRecord('bundle', row, [(fields) => fields]), 13)
  return {
    kind: 'gathering',
    tenantId,
    jobId: id(parseJobId, [manifestId], 0),
    revision: 1,
    state: 'queued',
    next: { lane: 'gathering', dueMs: count(gathering, 4) },
    attempts: count(gathering, 2),
    progress: { items: 0, bytes: 0 },
    createdMs,
    changedMs: createdMs,
    payload: { bundleId, sealedSources: bytesAt(gathering, 1) },
  }
}

function parseFormerArchiveJob(row: Buffer): JobOf<'archive'> {
  const fields = decodeRecord('archive job', row)
  const former = word(jobStates, fields, 20)
  // Nobody runs it: the process that did has ended.
  const state = former === 'running' ? 'queued' : former
  const sizeClass = word(archiveSizeClasses, fields, 12)
  const lastError = optionalText(fields, 16)
  const hasUpload = optionalText(fields, 19) !== undefined
  return {
    kind: 'archive',
    tenantId: id(parseTenantId, fields, 1),
    jobId: id(parseJobId, fields, 0),
    revision: 1,
    state,
    // Who looks after jobs that are over finds out by himself what is to be done.
    next: isOver(state)
      ? { lane: 'upkeep', dueMs: 0 }
      : { lane: `archive-${sizeClass}`, dueMs: former === 'queued' ? count(fields, 22) : 0 },
    attempts: count(fields, 15),
    ...(lastError === undefined ? {} : { lastError }),
    progress: { items: count(fields, 17), bytes: count(fields, 18) },
    createdMs: count(fields, 13),
    changedMs: count(fields, 14),
    payload: {
      bucketName: text(fields, 2),
      prefix: text(fields, 3),
      windows: count(fields, 4) === 1,
      destination: { bucketName: text(fields, 5), key: text(fields, 6) },
      lifeMs: count(fields, 7),
      manifestId: id(parseManifestId, fields, 8),
      etag: text(fields, 9),
      totalEntries: count(fields, 10),
      totalBytes: count(fields, 11),
      sizeClass,
      ...(hasUpload ? { uploadId: id(parseUploadId, fields, 19) } : {}),
      ...(state === 'done'
        ? {
            result: {
              versionId: id(parseVersionId, fields, 22),
              objectEtag: text(fields, 23),
              expiresMs: count(fields, 24),
            },
          }
        : {}),
    },
  }
}
