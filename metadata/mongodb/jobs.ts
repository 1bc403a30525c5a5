// Jobs: found by kind and tenant, and by lane those that wait for something. Whatever changes one does so on
// condition of its revision, so that of two who claim a job one has it.
import type { Filter } from 'mongodb'
import { parseJobOf } from '../codec/job-codec.ts'
import { RecordCorrupt } from '../codec/record-frame.ts'
import { type Claiming, isOver, type Job, type JobStore } from '../job-store.ts'
import type { JobDocument } from './documents.ts'
import { jobOfDocument, jobPlace, putJob } from './job-documents.ts'
import type { Shared } from './shared.ts'

export function mongoJobs({ db }: Shared): JobStore {
  const isThere = async (place: ReturnType<typeof jobPlace>) => {
    const projection = { _id: 1 }
    return (await db.run(() => db.jobs.findOne(place, { projection }))) !== null
  }
  /** The first of these in the order of tenants and times that can be read. */
  const firstDue = async (which: Filter<JobDocument>): Promise<Job | undefined> => {
    const damaged: string[] = []
    for (;;) {
      const others = damaged.length === 0 ? {} : { _id: { $nin: damaged } }
      const [found] = await db.run(() =>
        db.jobs
          .find({ ...which, ...others }, { hint: 'lanes' })
          .sort({ tenant: 1, due: 1 })
          .limit(1)
          .toArray(),
      )
      if (found === undefined) return undefined
      try {
        return jobOfDocument(found)
      } catch (failure) {
        // It holds up none of the others: whoever asks for it is told of it.
        if (!(failure instanceof RecordCorrupt)) throw failure
        damaged.push(found._id)
      }
    }
  }
  /** Round all tenants of the lane, from the one behind `after` to that one itself. */
  const whoseTurn = async ({ lane, nowMs, notOf, after }: Claiming): Promise<Job | undefined> => {
    const due = { lane, due: { $lte: nowMs } }
    const free = notOf.length === 0 ? {} : { $nin: notOf }
    const any = await firstDue({ ...due, tenant: { $gt: '', ...free } })
    if (any === undefined || after === undefined) return any
    return (await firstDue({ ...due, tenant: { $gt: after, ...free } })) ?? any
  }
  return {
    get: async (key) => {
      const found = await db.run(() => db.jobs.findOne(jobPlace(key)))
      return found === null ? undefined : parseJobOf(key.kind, found.c)
    },

    put: async (job) => ({ is: (await putJob(db, job)) ? 'done' : 'changed' }),

    list: async ({ kind, tenantId }, { after, limit }) => {
      const found = await db.run(() =>
        db.jobs
          .find({ kind, tenant: tenantId, ...behind(after) }, { hint: 'times' })
          .sort({ created: -1, job: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(({ c }) => parseJobOf(kind, c))
    },

    claimDue: async (claiming) => {
      for (;;) {
        const job = await whoseTurn(claiming)
        if (job === undefined) return undefined
        const claimed = claim(job, claiming)
        if (await putJob(db, claimed)) return claimed
        // Somebody was faster, and has it.
      }
    },

    giveBackOf: async (owner, limit) => {
      const found = await db.run(() =>
        db.jobs.find({ owner }, { hint: 'claims' }).limit(limit).toArray(),
      )
      for (const document of found) await putJob(db, givenBack(jobOfDocument(document)))
      return found.length
    },

    remove: async (job) => {
      const place = jobPlace(job)
      const { deletedCount } = await db.run(() =>
        db.jobs.deleteOne({ ...place, revision: job.revision }),
      )
      return { is: deletedCount === 0 && (await isThere(place)) ? 'changed' : 'done' }
    },
  }
}

function claim(job: Job, { lane, owner, nowMs, untilMs }: Claiming): Job {
  const next = { lane, dueMs: untilMs }
  const claimed = { ...job, next, owner, revision: job.revision + 1 }
  if (isOver(job.state)) return claimed
  return { ...claimed, state: 'running', attempts: job.attempts + 1, changedMs: nowMs }
}

function givenBack(job: Job): Job {
  const state = job.state === 'running' ? 'queued' : job.state
  const next = job.next && { ...job.next, dueMs: 0 }
  return { ...job, state, owner: undefined, next, revision: job.revision + 1 }
}

type Place = Parameters<JobStore['list']>[1]['after']

function behind(after: Place): Filter<JobDocument> {
  if (after === undefined) return {}
  const { createdMs: created, jobId } = after
  return {
    created: { $lte: created },
    $or: [{ created: { $lt: created } }, { job: { $gt: jobId } }],
  }
}
