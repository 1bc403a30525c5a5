// What the job engine (`job-engine.ts`) has to know of a kind of jobs: how an attempt is made, and what is to
// be done before and behind it.
import type { JobKind } from '../../metadata/job-kinds.ts'
import type { JobOf } from '../../metadata/job-store.ts'
import type { ClaimedJob } from './claimed-job.ts'

/** No further attempt would come to another end. The message is for people. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed'
}

export type LaneOptions = {
  readonly name: string
  /** Of one engine. */
  readonly atOnce: number
  /** Of them, how many may be one tenant's. Absent: all. */
  readonly ofTenantMax?: number
  readonly lookEveryMs: number
}

/** `cancelled`: nobody wants it any more. */
export type JobEnd<K extends JobKind> = { readonly state: 'done' | 'cancelled' } & Partial<
  Pick<JobOf<K>, 'payload' | 'progress'>
>

export interface JobWork<K extends JobKind> {
  readonly lanes: readonly LaneOptions[]
  /** Without getting on (`ClaimedJob.gotOn`). */
  readonly attemptsMax: number
  /** After its creation; an attempt that begins later fails. Absent: as long as it takes. */
  readonly lifeMs?: number
  /** How long one that is over is remembered. 0: its row goes with its end. */
  readonly rememberedMs: number
  /**
   * One attempt. It ends soon when the signal of the job is aborted, and its every change of the job throws
   * `JobTaken` when somebody else has it. What it throws else is a failure. An earlier attempt may have come
   * to its end without noting it, and another owner that has lost his claim may not know it yet.
   */
  attempt(claimed: ClaimedJob<K>): Promise<JobEnd<K>>
  /** Whether another attempt may do better. */
  mayPass(cause: unknown): boolean
  /** Whether somebody who runs the server is to know of it. */
  isOurs(cause: unknown): boolean
  /** Of a failure, for people. */
  reasonOf(cause: unknown): string
  /** Told before the row says that it has failed, by its owner, and maybe again. */
  giveUp?(job: JobOf<K>, cause: unknown): Promise<void>
  /** Gives back what a job that is over has held. It matters neither when this is done nor how often. */
  cleanUp(job: JobOf<K>): Promise<void>
  /**
   * Somebody else has changed the job while it was worked on: cancelled or removed it, asked for it anew, or
   * taken it over. `mine`: as it was; `now`: as it is. What has been begun and nobody needs is given back.
   */
  leave(mine: JobOf<K>, now: JobOf<K> | undefined): Promise<void>
  /** When the result of one that is done ends, and how. Absent: it never does. */
  readonly result?: {
    expiresMs(job: JobOf<K>): number
    /** Safe to repeat. */
    remove(job: JobOf<K>): Promise<void>
  }
}

/** Of the kinds that an engine does. */
export type JobWorks = { readonly [K in JobKind]?: JobWork<K> }
