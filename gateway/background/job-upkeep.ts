// What becomes of jobs that are over: what they have held is given back, results are removed when they
// expire, and in the end the row is forgotten. Such a job waits in a lane of its own for whatever is next.

import type { JobKind } from '../../metadata/job-kinds.ts'
import type { JobOf, JobState, JobStore } from '../../metadata/job-store.ts'
import type { Log } from '../log.ts'
import type { ClaimedJob } from './claimed-job.ts'
import type { JobWork, LaneOptions } from './job-work.ts'

export const upkeepLane: LaneOptions = { name: 'upkeep', atOnce: 1, lookEveryMs: 10_000 }
/**
 * So long after somebody has ended it from outside, a job is looked after: he may have died before he had
 * cleaned up, and whoever was working on it meanwhile may have left something behind.
 */
const lookAgainMs = 60_000

type Parts = { readonly jobs: Pick<JobStore, 'put' | 'remove'>; readonly now: () => number }

/** The row of a job that somebody ends from outside. */
export function endedFromOutside<K extends JobKind>(
  job: JobOf<K>,
  state: JobState,
  nowMs: number,
): JobOf<K> {
  const next = { lane: upkeepLane.name, dueMs: nowMs + lookAgainMs }
  return { ...job, state, owner: undefined, next, changedMs: nowMs, revision: job.revision + 1 }
}

type End<K extends JobKind> = { readonly state: JobState } & Partial<
  Pick<JobOf<K>, 'payload' | 'progress' | 'lastError'>
>

/** By its owner. Throws `JobTaken`. */
export async function endJob<K extends JobKind>(
  parts: Parts & {
    readonly log: Log
  },
  work: JobWork<K>,
  { claimed, end }: { readonly claimed: ClaimedJob<K>; readonly end: End<K> },
): Promise<void> {
  if (work.rememberedMs === 0) {
    await work.cleanUp(claimed.job)
    return claimed.remove()
  }
  // Due at once: should we die now, whoever looks first cleans up.
  const next = { lane: upkeepLane.name, dueMs: parts.now() }
  await claimed.settle({ ...end, next })
  try {
    await lookAfter(parts, work, claimed.job)
  } catch (cause) {
    // It has ended all the same, and is looked after again.
    parts.log.warn('a job left something behind', { job: claimed.job.jobId, cause })
  }
}

/** Nothing is lost when somebody else has changed the row: he has seen to what is next. */
export async function lookAfter<K extends JobKind>(
  { jobs, now }: Parts,
  work: JobWork<K>,
  job: JobOf<K>,
): Promise<void> {
  await work.cleanUp(job)
  const nowMs = now()
  const changed = { ...job, owner: undefined, revision: job.revision + 1 }
  const waiting = (dueMs: number) => ({ lane: upkeepLane.name, dueMs })
  if (job.state === 'done' && work.result !== undefined) {
    const expiresMs = work.result.expiresMs(job)
    if (expiresMs > nowMs) {
      await jobs.put<K>({ ...changed, next: waiting(expiresMs) })
      return
    }
    await work.result.remove(job)
    const next = waiting(nowMs + work.rememberedMs)
    await jobs.put<K>({ ...changed, state: 'expired', changedMs: nowMs, next })
    return
  }
  const forgottenMs = job.changedMs + work.rememberedMs
  if (forgottenMs > nowMs) await jobs.put<K>({ ...changed, next: waiting(forgottenMs) })
  else await jobs.remove(job)
}
