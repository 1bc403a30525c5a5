// One lane of a job engine: claims what is due in it, tenant after tenant, and lets so many run at once.
import { once } from 'node:events'
import type { Job, JobStore } from '../../metadata/job-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { LaneOptions } from './job-work.ts'
import type { RepeatingJob } from './repeating.ts'

export type JobLaneParts = {
  readonly jobs: Pick<JobStore, 'claimDue'>
  readonly owner: () => string
  readonly now: () => number
  readonly leaseMs: number
  /** Sees a job that was claimed to the end of its attempt. */
  readonly run: (job: Job, stopping: AbortSignal) => Promise<void>
  readonly onFailure: (lane: string, cause: unknown) => void
}

export class JobLane {
  readonly name: string
  private readonly options: LaneOptions
  private readonly parts: JobLaneParts
  /** Each until it has ended, well or not, and whose job it is. */
  private readonly running = new Map<Promise<void>, TenantId>()
  private served: TenantId | undefined

  constructor(options: LaneOptions, parts: JobLaneParts) {
    this.name = options.name
    this.options = options
    this.parts = parts
  }

  /** Claims, again and again, what there is room for, and does not wait for it. */
  looking(): RepeatingJob {
    return {
      name: `jobs, ${this.name}`,
      pauseMs: this.options.lookEveryMs,
      run: async (stopping) => {
        if (this.running.size >= this.options.atOnce) {
          await this.anyEnded(stopping)
          return 'again'
        }
        const job = await this.claim()
        if (job === undefined) return 'idle'
        void this.start(job, stopping).catch((cause: unknown) => {
          this.parts.onFailure(this.name, cause)
        })
        return 'again'
      },
    }
  }

  /** Claims a job and sees it to its end. False: none is due. */
  async runOne(stopping: AbortSignal): Promise<boolean> {
    const job = await this.claim()
    if (job === undefined) return false
    await this.start(job, stopping)
    return true
  }

  /** Resolves when nothing runs. */
  async settled(): Promise<void> {
    await Promise.all(this.running.keys())
  }

  private async claim(): Promise<Job | undefined> {
    const { jobs, owner, now, leaseMs } = this.parts
    const nowMs = now()
    const job = await jobs.claimDue({
      ...{
        lane: this.name,
        owner: owner(),
        nowMs,
        untilMs: nowMs + leaseMs,
        notOf: this.busyTenants(),
      },
      ...(this.served === undefined ? {} : { after: this.served }),
    })
    if (job !== undefined) this.served = job.tenantId
    return job
  }

  private start(job: Job, stopping: AbortSignal): Promise<void> {
    const run = this.parts.run(job, stopping).finally(() => this.running.delete(ended))
    const ended = run.catch(() => {})
    this.running.set(ended, job.tenantId)
    return run
  }

  /** Or it is to stop. */
  private async anyEnded(stopping: AbortSignal): Promise<void> {
    const waiting = new AbortController()
    const stopped = once(stopping, 'abort', { signal: waiting.signal }).catch(() => {})
    try {
      if (!stopping.aborted) await Promise.race([...this.running.keys(), stopped])
    } finally {
      waiting.abort()
    }
  }

  private busyTenants(): readonly TenantId[] {
    const { ofTenantMax = Number.POSITIVE_INFINITY } = this.options
    const tenants = [...this.running.values()]
    const times = (tenantId: TenantId) => tenants.filter((each) => each === tenantId).length
    return [...new Set(tenants)].filter((tenantId) => times(tenantId) >= ofTenantMax)
  }
}
