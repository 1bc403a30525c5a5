// Archive jobs: rows by tenant and id, and two ways to find them: by tenant and time, and by state,
// where those that wait stand in the order of their times.
import type {
  ArchiveJob,
  ArchiveJobId,
  ArchiveJobState,
  ArchiveJobStore,
  ArchiveSizeClass,
} from '../archive-job-store.ts'
import { archiveSizeClasses } from '../archive-job-store.ts'
import { archiveJobStates, encodeArchiveJob, parseArchiveJob } from '../codec/archive-job-codec.ts'
import type { TenantId } from '../records.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import type { KeyRange } from './lmdb-table.ts'
import { justAfter, numberKey, numberOfKey, rangeOf, tenantKey } from './row-keys.ts'

const over: readonly ArchiveJobState['is'][] = ['failed', 'cancelled', 'expired']

export function lmdbArchiveJobs(env: LmdbEnvironment): ArchiveJobStore {
  return {
    get: async (tenantId, jobId) => env.read((tables) => jobAt(tables, jobKey(tenantId, jobId))),

    put: (job) =>
      env.write((tables) => {
        const key = jobKey(job.tenantId, job.jobId)
        const before = jobAt(tables, key)
        if ((before?.revision ?? 0) !== job.revision - 1) return { is: 'changed' }
        if (before !== undefined) removePlaces(tables, before)
        tables.archiveJobs.put(key, encodeArchiveJob(job))
        tables.archiveJobTimes.put(timeKey(job), key)
        tables.archiveJobStates.put(stateKey(job), key)
        return { is: 'done' }
      }),

    list: async (tenantId, { after, limit }) =>
      env.read((tables) => {
        const range = rangeOf(tenantKey(tenantId))
        const start = after === undefined ? range.start : justAfter(timeKey({ tenantId, ...after }))
        const found: ArchiveJob[] = []
        for (const row of tables.archiveJobTimes.rows({ ...range, start })) {
          if (found.length === limit) break
          const job = jobAt(tables, row.value)
          if (job !== undefined) found.push(job)
        }
        return found
      }),

    nextQueued: async (sizeClass, nowMs) =>
      env.read((tables) => {
        const first = tables.archiveJobStates.first(rangeOf(stateBeginning('queued', sizeClass)))
        if (first === undefined || numberOfKey(first.key.subarray(2, 10)) > nowMs) return undefined
        return jobAt(tables, first.value)
      }),

    inState: async (is, { sizeClass, after, limit }) =>
      env.read((tables) => {
        const range = rangeOf(stateBeginning(is, sizeClass))
        const start = after === undefined ? range.start : justAfter(stateKey(after))
        return jobsIn(tables, { range: { ...range, start }, limit })
      }),

    forgettable: async ({ changedBeforeMs, limit }) =>
      env.read((tables) => {
        const found: ArchiveJob[] = []
        for (const is of over) {
          for (const sizeClass of archiveSizeClasses) {
            const beginning = stateBeginning(is, sizeClass)
            const end = Buffer.concat([beginning, numberKey(changedBeforeMs)])
            const limitLeft = limit - found.length
            found.push(...jobsIn(tables, { range: { start: beginning, end }, limit: limitLeft }))
          }
        }
        return found
      }),

    remove: (job) =>
      env.write((tables) => {
        const key = jobKey(job.tenantId, job.jobId)
        const before = jobAt(tables, key)
        if (before?.revision !== job.revision) return
        removePlaces(tables, before)
        tables.archiveJobs.remove(key)
      }),
  }
}

function jobKey(tenantId: TenantId, jobId: ArchiveJobId): Buffer {
  return Buffer.concat([tenantKey(tenantId), Buffer.from(jobId, 'hex')])
}

/** Newest first within a tenant. */
function timeKey(job: Pick<ArchiveJob, 'tenantId' | 'createdMs' | 'jobId'>): Buffer {
  const order = numberKey(Number.MAX_SAFE_INTEGER - job.createdMs)
  return Buffer.concat([tenantKey(job.tenantId), order, Buffer.from(job.jobId, 'hex')])
}

/** State and class, a byte each. */
function stateBeginning(is: ArchiveJobState['is'], sizeClass: ArchiveSizeClass): Buffer {
  return Buffer.of(archiveJobStates.indexOf(is), archiveSizeClasses.indexOf(sizeClass))
}

function stateKey(job: ArchiveJob): Buffer {
  const ms = stateTime(job)
  const place = [stateBeginning(job.state.is, job.sizeClass), numberKey(ms)]
  return Buffer.concat([...place, jobKey(job.tenantId, job.jobId)])
}

/** When it is to be looked at next, or was changed last. */
function stateTime({ state, changedMs }: ArchiveJob): number {
  switch (state.is) {
    case 'queued':
      return state.notBeforeMs
    case 'done':
      return state.expiresMs
    default:
      return changedMs
  }
}

function jobAt(tables: Tables, key: Buffer): ArchiveJob | undefined {
  const bytes = tables.archiveJobs.get(key)
  return bytes && parseArchiveJob(bytes)
}

function jobsIn(
  tables: Tables,
  { range, limit }: { readonly range: KeyRange; readonly limit: number },
): readonly ArchiveJob[] {
  const found: ArchiveJob[] = []
  for (const row of tables.archiveJobStates.rows(range)) {
    if (found.length >= limit) break
    const job = jobAt(tables, row.value)
    if (job !== undefined) found.push(job)
  }
  return found
}

function removePlaces(tables: Tables, job: ArchiveJob): void {
  tables.archiveJobTimes.remove(timeKey(job))
  tables.archiveJobStates.remove(stateKey(job))
}
