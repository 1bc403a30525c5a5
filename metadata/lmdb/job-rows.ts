// The rows of jobs, and the places under which they are found: by tenant and time, and, of those that wait for
// something, by lane. The places of a lane are kept twice. By time alone one look tells that nothing is due; by
// tenant it takes one for each tenant to find whose turn it is.
import assert from 'node:assert'
import { encodeJob, parseJob } from '../codec/job-codec.ts'
import type { JobKind } from '../job-kinds.ts'
import type { Job, JobKey, JobOf } from '../job-store.ts'
import type { TenantId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import { numberKey, tenantKey } from './row-keys.ts'

const nothing = Buffer.alloc(0)

export function jobAt(tables: Tables, key: Buffer): Job | undefined {
  const bytes = tables.jobs.get(key)
  return bytes && parseJob(bytes)
}

/** False: the row there is not of the revision before it. */
export function putJob<K extends JobKind>(tables: Tables, job: JobOf<K>): boolean {
  const key = jobKey(job)
  const before = jobAt(tables, key)
  if ((before?.revision ?? 0) !== job.revision - 1) return false
  if (before !== undefined) removePlaces(tables, before)
  tables.jobs.put(key, encodeJob(job))
  tables.jobTimes.put(timeKey(job), nothing)
  if (job.owner !== undefined) tables.jobClaims.put(claimKey(job.owner, key), nothing)
  if (job.next === undefined) return true
  tables.jobDues.put(dueKey(job.next, key), nothing)
  tables.jobTurns.put(turnKey(job.next, job.tenantId, key), nothing)
  return true
}

/** False: the row there is of another revision. */
export function removeJob<K extends JobKind>(tables: Tables, job: JobOf<K>): boolean {
  const key = jobKey(job)
  const before = jobAt(tables, key)
  if (before === undefined) return true
  if (before.revision !== job.revision) return false
  removePlaces(tables, before)
  tables.jobs.remove(key)
  return true
}

function removePlaces(tables: Tables, job: Job): void {
  const key = jobKey(job)
  tables.jobTimes.remove(timeKey(job))
  if (job.owner !== undefined) tables.jobClaims.remove(claimKey(job.owner, key))
  if (job.next === undefined) return
  tables.jobDues.remove(dueKey(job.next, key))
  tables.jobTurns.remove(turnKey(job.next, job.tenantId, key))
}

/** kind, tenant. */
export function ownerKey({ kind, tenantId }: Omit<JobKey<JobKind>, 'jobId'>): Buffer {
  return Buffer.concat([textKey(kind), tenantKey(tenantId)])
}

export function jobKey(key: JobKey<JobKind>): Buffer {
  return Buffer.concat([ownerKey(key), Buffer.from(key.jobId, 'hex')])
}

/** Newest first within a kind and tenant. */
export function timeKey(job: JobKey<JobKind> & Pick<Job, 'createdMs'>): Buffer {
  const order = numberKey(Number.MAX_SAFE_INTEGER - job.createdMs)
  return Buffer.concat([ownerKey(job), order, Buffer.from(job.jobId, 'hex')])
}

/** The beginning of the keys of what an owner has claimed. */
export function claimsOf(owner: string): Buffer {
  return textKey(owner)
}

function claimKey(owner: string, key: Buffer): Buffer {
  return Buffer.concat([claimsOf(owner), key])
}

export function laneKey(lane: string): Buffer {
  return textKey(lane)
}

function dueKey({ lane, dueMs }: NonNullable<Job['next']>, key: Buffer): Buffer {
  return Buffer.concat([laneKey(lane), numberKey(dueMs), key])
}

export function laneOfTenantKey(lane: string, tenantId: TenantId): Buffer {
  return Buffer.concat([laneKey(lane), tenantKey(tenantId)])
}

function turnKey(next: NonNullable<Job['next']>, tenantId: TenantId, key: Buffer): Buffer {
  return Buffer.concat([laneOfTenantKey(next.lane, tenantId), numberKey(next.dueMs), key])
}

/** A text of at most 255 bytes, its length first: none is the beginning of another. */
function textKey(text: string): Buffer {
  const bytes = Buffer.from(text)
  assert(bytes.length < 256, 'a name that is too long for a key')
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}
