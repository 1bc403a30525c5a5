// PORT, a noun of `metadata-store.ts`: jobs, work that goes on behind the requests. A job is one row,
// replaced as a whole by whoever has seen its last revision: its owner, who notes how far he is, and
// whoever cancels it, take no locks and meet each other here.
//
// A job waits in a lane for its time. Whoever claims it has it for a while, and keeps it by putting a later
// end of the claim; when he dies, the end passes, and the job is due again like any other. So the due time
// is the one thing that is asked for, whatever a job is due for: an attempt, taking over from an owner that
// died, the expiry of a result, being forgotten. Times are handed in and compared with each other alone: a
// clock that is wrong makes a job be taken over early or late, and the revision fences whoever was late.
//
// An owner that is known to have ended (`owner-store.ts`) need not be waited for: what he has claimed is given
// back. Nothing but time rests on that: a claim of an owner that nobody knows comes back all the same.
//
// Rows are of a kind and a tenant: an engine may spread them by both, since `list` names both, and `claimDue` looks
// through a lane, which has jobs of one kind, or of few.
import type { JobKind, JobPayloads } from './job-kinds.ts'
import type { TenantId } from './records.ts'

/** 32 lower-case hex digits. */
export type JobId = string & { readonly __brand: 'JobId' }

/** Stored as positions: append, never reorder. */
export const jobStates = [
  'queued',
  /** Claimed for an attempt. When its owner has died, it says so until it is given back, or claimed again. */
  'running',
  'done',
  /** No further attempt is made. */
  'failed',
  'cancelled',
  /** It was done, and what it has made is removed. */
  'expired',
] as const
export type JobState = (typeof jobStates)[number]

/** Nothing is to be done for it any more, but to clear up behind it. */
export function isOver(state: JobState): boolean {
  return state !== 'queued' && state !== 'running'
}

export type JobKey<K extends JobKind> = {
  readonly kind: K
  readonly tenantId: TenantId
  readonly jobId: JobId
}

export type JobOf<K extends JobKind> = JobKey<K> & {
  /** Counts the changes of the row, from 1. */
  readonly revision: number
  readonly state: JobState
  /** Where it waits and until when; of one that is claimed, when the claim ends. Absent: for nothing. */
  readonly next?: { readonly lane: string; readonly dueMs: number } | undefined
  /** Whose it is until it is due. */
  readonly owner?: string | undefined
  /** Begun, the one under way included. */
  readonly attempts: number
  /** What the last attempt failed with, for people. */
  readonly lastError?: string | undefined
  readonly progress: { readonly items: number; readonly bytes: number }
  readonly createdMs: number
  readonly changedMs: number
  readonly payload: JobPayloads[K]
}

export type Job = { [K in JobKind]: JobOf<K> }[JobKind]

export type Claiming = {
  readonly lane: string
  /** Unique to a life of a process. */
  readonly owner: string
  readonly nowMs: number
  /** When the claim ends unless it is put off. */
  readonly untilMs: number
  /** Tenants that have enough of their jobs running. */
  readonly notOf: readonly TenantId[]
  /** Whose job was claimed last: the next tenant's turn comes first. */
  readonly after?: TenantId
}

export interface JobStore {
  get<K extends JobKind>(key: JobKey<K>): Promise<JobOf<K> | undefined>
  /** Puts the job if the row there is of the revision before it, or, for revision 1, if there is none. */
  put<K extends JobKind>(job: JobOf<K>): Promise<{ is: 'done' } | { is: 'changed' }>
  /** A tenant's of a kind, newest first by creation. `after` is exclusive. */
  list<K extends JobKind>(
    of: Pick<JobKey<K>, 'kind' | 'tenantId'>,
    page: {
      readonly after?: { readonly createdMs: number; readonly jobId: JobId }
      readonly limit: number
    },
  ): Promise<readonly JobOf<K>[]>
  /**
   * Claims a job of the lane whose time has come. Tenants take turns, in an order of the engine's; of each,
   * it is the one that is due longest. One that is not over is running from then on, with one attempt more
   * and changed now; one that is over stays what it is. When the answer is lost, the job comes back at the
   * end of the claim. Costs one look when nothing is due.
   */
  claimDue(claiming: Claiming): Promise<Job | undefined>
  /**
   * Gives back what an owner has claimed who has ended: it is due at once. At most `limit`; answers how many
   * there were, and those of a living owner are not to be asked for. Safe to repeat.
   */
  giveBackOf(owner: string, limit: number): Promise<number>
  /** Removes the row if it is of this revision. One that is not there is done already. */
  remove<K extends JobKind>(job: JobOf<K>): Promise<{ is: 'done' } | { is: 'changed' }>
}
