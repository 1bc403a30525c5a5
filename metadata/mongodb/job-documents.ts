// Documents of jobs, and how one is put in the place of another. The record is what counts; the fields beside
// it are what a job is found by.
import type { ClientSession, Filter } from 'mongodb'
import { encodeJob, parseJob } from '../codec/job-codec.ts'
import type { JobKind } from '../job-kinds.ts'
import type { Job, JobKey, JobOf } from '../job-store.ts'
import type { JobDocument } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { isDuplicateKey } from './mongo-failures.ts'

export function jobDocument<K extends JobKind>(job: JobOf<K>): JobDocument {
  const { next, owner } = job
  return {
    ...{ ...jobPlace(job), job: job.jobId, revision: job.revision, created: job.createdMs },
    ...(next === undefined ? {} : { lane: next.lane, due: next.dueMs }),
    ...(owner === undefined ? {} : { owner }),
    c: encodeJob(job),
  }
}

/** With what they are sharded by. Neither kinds nor tenants have spaces in them. */
export function jobPlace({ kind, tenantId, jobId }: JobKey<JobKind>) {
  return { _id: `${kind} ${tenantId} ${jobId}`, kind, tenant: tenantId }
}

/** Throws `RecordCorrupt`. */
export function jobOfDocument({ c }: JobDocument): Job {
  return parseJob(c)
}

/** False: the document there is not of the revision before it. For one command outside of transactions. */
export async function putJob<K extends JobKind>(
  db: MongoDatabase,
  job: JobOf<K>,
): Promise<boolean> {
  const document = jobDocument(job)
  if (job.revision > 1) return replaceJob(db, document)
  try {
    await db.run(() => db.jobs.insertOne(document))
    return true
  } catch (cause) {
    if (isDuplicateKey(cause)) return false
    throw cause
  }
}

/** The same within a transaction, which a document that is in the way would end: it is looked for before. */
export async function putJobIn<K extends JobKind>(
  db: MongoDatabase,
  session: ClientSession,
  job: JobOf<K>,
): Promise<boolean> {
  const document = jobDocument(job)
  if (job.revision > 1) {
    const { matchedCount } = await db.jobs.replaceOne(asBefore(document), document, { session })
    return matchedCount === 1
  }
  const there = await db.jobs.findOne(jobPlace(job), { session, projection: { _id: 1 } })
  if (there !== null) return false
  await db.jobs.insertOne(document, { session })
  return true
}

async function replaceJob(db: MongoDatabase, document: JobDocument): Promise<boolean> {
  const { matchedCount } = await db.run(() => db.jobs.replaceOne(asBefore(document), document))
  return matchedCount === 1
}

function asBefore({ _id, kind, tenant, revision }: JobDocument): Filter<JobDocument> {
  return { _id, kind, tenant, revision: revision - 1 }
}
