// The job engine: claims jobs lane by lane and sees each to its end. Several engines may work on one store: who
// has claimed a job has it until he ends it, or until the claim ends because he died.
import type { JobKind } from '../../metadata/job-kinds.ts'
import { isOver, type JobOf, type JobStore } from '../../metadata/job-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { storagePauseMs } from '../data/storage-failure.ts'
import type { Log } from '../log.ts'
import { ClaimedJob, JobTaken } from './claimed-job.ts'
import { JobLane } from './job-lane.ts'
import { endJob, lookAfter, upkeepLane } from './job-upkeep.ts'
import { JobFailed, type JobWork, type JobWorks, type LaneOptions } from './job-work.ts'
import { type Repeating, repeat } from './repeating.ts'

export type JobEngineDeps = {
  readonly jobs: JobStore
  readonly works: JobWorks
  /** Whose that is which is claimed now (`metadata/owner-store.ts`). */
  readonly owner: () => string
  readonly random: RandomBytes
  readonly now: () => number
  readonly log: Log
  /** How long a claim holds without a sign of life. */
  readonly leaseMs?: number
}

const leaseMsDefault = 30_000
/** Of a kind that this engine does not do. */
const passOnMs = 60_000
const firstPauseMs = 5_000
/** So that what has failed together does not come again together. */
const jitterShare = 0.1

export class JobEngine {
  readonly lanes: readonly JobLane[]
  private readonly deps: JobEngineDeps
  private readonly leaseMs: number

  constructor(deps: JobEngineDeps) {
    this.deps = deps
    this.leaseMs = deps.leaseMs ?? leaseMsDefault
    const works: readonly { readonly lanes: readonly LaneOptions[] }[] = Object.values(deps.works)
    const options = [...works.flatMap(({ lanes }) => lanes), upkeepLane]
    this.lanes = options.map(
      (lane) =>
        new JobLane(lane, {
          ...{ jobs: deps.jobs, owner: deps.owner, now: deps.now, leaseMs: this.leaseMs },
          run: (job, stopping) => this.run(job, stopping),
          onFailure: (name, cause) => deps.log.error('background job failed', { job: name, cause }),
        }),
    )
  }

  /** Works until it is stopped; what is under way then is given back. */
  start(onFailure: (job: string, cause: unknown) => void): Repeating {
    const looking = this.lanes.map((lane) => repeat(lane.looking(), onFailure))
    return {
      stop: async () => {
        await Promise.all(looking.map((each) => each.stop()))
        await Promise.all(this.lanes.map((lane) => lane.settled()))
      },
    }
  }

  /** A job that was claimed, to the end of this attempt. Throws only what the store throws. */
  private async run<K extends JobKind>(job: JobOf<K>, stopping: AbortSignal): Promise<void> {
    const { jobs, now, works } = this.deps
    const work: JobWork<K> | undefined = works[job.kind]
    if (work === undefined) {
      const next = job.next && { ...job.next, dueMs: now() + passOnMs }
      await jobs.put<K>({ ...job, owner: undefined, next, revision: job.revision + 1 })
      return
    }
    if (isOver(job.state)) return lookAfter(this.deps, work, job)
    const claimed = new ClaimedJob({ job, jobs, now, leaseMs: this.leaseMs, stopping })
    try {
      await this.attempt(work, claimed, stopping)
    } catch (cause) {
      if (!(cause instanceof JobTaken)) throw cause
      await work.leave(claimed.job, await jobs.get<K>(claimed.job))
    } finally {
      claimed.close()
    }
  }

  /** Throws `JobTaken`. */
  private async attempt<K extends JobKind>(
    work: JobWork<K>,
    claimed: ClaimedJob<K>,
    stopping: AbortSignal,
  ): Promise<void> {
    try {
      const { attempts, createdMs } = claimed.job
      if (attempts > work.attemptsMax) throw new JobFailed('The server has died in each attempt.')
      if (this.deps.now() >= createdMs + (work.lifeMs ?? Number.POSITIVE_INFINITY)) {
        throw new JobFailed('The job has become too old.')
      }
      const end = await work.attempt(claimed)
      await endJob(this.deps, work, { claimed, end })
    } catch (cause) {
      if (claimed.isTaken) throw new JobTaken('the job was taken', { cause })
      await this.giveBack(work, claimed, { cause, isStopping: stopping.aborted })
    }
  }

  /** After a failure: queued again for later, or failed for good. Stopping, and want of room, are no attempt. */
  private async giveBack<K extends JobKind>(
    work: JobWork<K>,
    claimed: ClaimedJob<K>,
    { cause, isStopping }: { readonly cause: unknown; readonly isStopping: boolean },
  ): Promise<void> {
    const { now, random, log } = this.deps
    const { attempts, next, kind, jobId } = claimed.job
    const queued = (pauseMs: number) =>
      ({ state: 'queued', next: next && { ...next, dueMs: now() + pauseMs } }) as const
    if (isStopping) return claimed.settle({ ...queued(0), attempts: attempts - 1 })
    const lastError = work.reasonOf(cause)
    const pauseMs = storagePauseMs(cause)
    if (pauseMs !== undefined) {
      return claimed.settle({ ...queued(pauseMs), lastError, attempts: attempts - 1 })
    }
    // Who is late fails because another is ahead of him, and that says nothing of the job.
    await claimed.confirm()
    if (work.isOurs(cause)) log.warn('job failed', { kind, job: jobId, attempt: attempts, cause })
    const isFinal = cause instanceof JobFailed || !work.mayPass(cause)
    if (!isFinal && attempts < work.attemptsMax) {
      return claimed.settle({ ...queued(retryPause(attempts, random)), lastError })
    }
    await work.giveUp?.(claimed.job, cause)
    await endJob(this.deps, work, { claimed, end: { state: 'failed', lastError } })
  }
}

/** Milliseconds after the attempt of this number, from 1: twice as long each time, and a little more. */
function retryPause(attempts: number, random: RandomBytes): number {
  const jitter = 1 + jitterShare * ((random(1)[0] ?? 0) / 256)
  return Math.round(firstPauseMs * 2 ** Math.max(0, attempts - 1) * jitter)
}
