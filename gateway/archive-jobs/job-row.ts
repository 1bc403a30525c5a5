// The row of a job that is being worked on: each change builds on the one before it, and the first that
// meets another's change ends the work.
import type { ArchiveJob, ArchiveJobStore } from '../../metadata/archive-job-store.ts'

/** Somebody else has changed the job: it was cancelled. */
export class JobTaken extends Error {
  override readonly name = 'JobTaken'
}

/** No further attempt would come to another end. The message is for people. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed'
}

export class JobRow {
  private current: ArchiveJob
  private readonly jobs: Pick<ArchiveJobStore, 'put'>
  private readonly now: () => number

  constructor(
    job: ArchiveJob,
    parts: { readonly jobs: Pick<ArchiveJobStore, 'put'>; readonly now: () => number },
  ) {
    this.current = job
    this.jobs = parts.jobs
    this.now = parts.now
  }

  get job(): ArchiveJob {
    return this.current
  }

  /** Throws `JobTaken`. */
  async change(changes: Partial<ArchiveJob>): Promise<void> {
    const { current } = this
    const revision = current.revision + 1
    const next = { ...current, ...changes, changedMs: this.now(), revision }
    if ((await this.jobs.put(next)).is === 'changed') throw new JobTaken()
    this.current = next
  }

  /** Attempts are counted from the last one that got on. Throws `JobTaken`. */
  async gotOn(): Promise<void> {
    if (this.current.attempts > 1) await this.change({ attempts: 1 })
  }
}
