// Jobs: rows by kind, tenant and id (`job-rows.ts`), and whose turn it is in a lane.
import { parseJobOf } from '../codec/job-codec.ts'
import { type Claiming, isOver, type Job, type JobStore } from '../job-store.ts'
import { MetadataDamaged } from '../metadata-damaged.ts'
import {
  claimsOf,
  jobAt,
  jobKey,
  laneKey,
  laneOfTenantKey,
  ownerKey,
  putJob,
  removeJob,
  timeKey,
} from './job-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import type { KeyRange } from './lmdb-table.ts'
import { justAfter, numberKey, numberOfKey, rangeOf, successor } from './row-keys.ts'

const idBytes = 16
const timeBytes = 8

export function lmdbJobs(env: LmdbEnvironment): JobStore {
  return {
    get: async (key) =>
      env.read((tables) => {
        const bytes = tables.jobs.get(jobKey(key))
        return bytes && parseJobOf(key.kind, bytes)
      }),

    put: (job) => env.write((tables) => (putJob(tables, job) ? { is: 'done' } : { is: 'changed' })),

    list: async (of, { after, limit }) =>
      env.read((tables) => {
        const range = rangeOf(ownerKey(of))
        const start = after === undefined ? range.start : justAfter(timeKey({ ...of, ...after }))
        return tables.jobTimes.keys({ ...range, start, limit }).flatMap((place) => {
          const id = place.subarray(place.length - idBytes)
          const bytes = tables.jobs.get(Buffer.concat([range.start, id]))
          return bytes === undefined ? [] : [parseJobOf(of.kind, bytes)]
        })
      }),

    claimDue: async (claiming) => {
      if (!env.read((tables) => isAnyDue(tables, claiming))) return undefined
      if (env.read((tables) => dueJob(tables, claiming)) === undefined) return undefined
      return env.write((tables) => {
        const job = dueJob(tables, claiming)
        if (job === undefined) return undefined
        const claimed = claim(job, claiming)
        putJob(tables, claimed)
        return claimed
      })
    },

    giveBackOf: async (owner, limit) => {
      const beginning = claimsOf(owner)
      const page = { ...rangeOf(beginning), limit }
      if (env.read(({ jobClaims }) => jobClaims.isEmpty(page))) return 0
      return env.write((tables) => {
        const places = tables.jobClaims.keys(page)
        for (const place of places) giveBack(tables, place.subarray(beginning.length))
        return places.length
      })
    },

    remove: (job) =>
      env.write((tables) => (removeJob(tables, job) ? { is: 'done' } : { is: 'changed' })),
  }
}

function claim(job: Job, { lane, owner, nowMs, untilMs }: Claiming): Job {
  const next = { lane, dueMs: untilMs }
  const claimed = { ...job, next, owner, revision: job.revision + 1 }
  if (isOver(job.state)) return claimed
  return { ...claimed, state: 'running', attempts: job.attempts + 1, changedMs: nowMs }
}

function giveBack(tables: Tables, key: Buffer): void {
  const job = jobAt(tables, key)
  if (job === undefined) return
  const state = job.state === 'running' ? 'queued' : job.state
  const next = job.next && { ...job.next, dueMs: 0 }
  putJob(tables, { ...job, state, owner: undefined, next, revision: job.revision + 1 })
}

function isAnyDue(tables: Tables, { lane, nowMs }: Claiming): boolean {
  const start = laneKey(lane)
  const end = dueBound(start, nowMs)
  return tables.jobDues.intactKeys({ start, end, limit: 1 }).length > 0
}

/** Behind everything of this beginning that is due by now. */
function dueBound(beginning: Buffer, nowMs: number): Buffer {
  return Buffer.concat([beginning, numberKey(nowMs + 1)])
}

/** Round all tenants of the lane, from the one behind `after` to that one itself. */
function dueJob(tables: Tables, claiming: Claiming): Job | undefined {
  const { lane, after } = claiming
  const whole = rangeOf(laneKey(lane))
  if (after === undefined) return dueWithin(tables, claiming, whole)
  const turn = successor(laneOfTenantKey(lane, after))
  return (
    dueWithin(tables, claiming, { start: turn, end: whole.end }) ??
    dueWithin(tables, claiming, { start: whole.start, end: turn })
  )
}

function dueWithin(tables: Tables, claiming: Claiming, { start, end }: KeyRange): Job | undefined {
  const busy = new Set<string>(claiming.notOf)
  for (let from = start; ; ) {
    const [place] = tables.jobTurns.intactKeys({ start: from, end, limit: 1 })
    if (place === undefined) return undefined
    const { ofTenant, tenantId, dueMs, key } = parsePlace(place)
    const isTurn = dueMs <= claiming.nowMs && !busy.has(tenantId)
    const job = isTurn ? intactJob(tables, key) : undefined
    if (job !== undefined) return job
    from = isTurn ? justAfter(place) : successor(ofTenant)
  }
}

/** A damaged one holds up none of the others: whoever asks for it, or checks, is told of it. */
function intactJob(tables: Tables, key: Buffer): Job | undefined {
  try {
    return jobAt(tables, key)
  } catch (failure) {
    if (failure instanceof MetadataDamaged) return undefined
    throw failure
  }
}

/** lane and tenant, each with its length first, due time, key in `jobs`. */
function parsePlace(place: Buffer) {
  const tenantAt = 1 + (place[0] ?? 0)
  const dueAt = tenantAt + 1 + (place[tenantAt] ?? 0)
  return {
    ofTenant: place.subarray(0, dueAt),
    tenantId: place.toString('utf8', tenantAt + 1, dueAt),
    dueMs: numberOfKey(place.subarray(dueAt)),
    key: place.subarray(dueAt + timeBytes),
  }
}
