// A job while it is worked on: each change builds on the one before it and puts the end of the claim off,
// and the first that meets another's change ends the work.
import type { JobKind } from '../../metadata/job-kinds.ts'
import type { JobOf, JobStore } from '../../metadata/job-store.ts'

/** Somebody else has changed the job: it was cancelled, or the claim had ended and another has it. */
export class JobTaken extends Error {
  override readonly name = 'JobTaken'
}

type Changes<K extends JobKind> = Partial<
  Omit<JobOf<K>, 'kind' | 'tenantId' | 'jobId' | 'revision'>
>

export type ClaimedJobParts<K extends JobKind> = {
  readonly job: JobOf<K>
  readonly jobs: Pick<JobStore, 'put' | 'remove'>
  readonly now: () => number
  readonly leaseMs: number
  /** Aborted when the engine stops. */
  readonly stopping: AbortSignal
}

export class ClaimedJob<K extends JobKind> {
  private readonly parts: ClaimedJobParts<K>
  private readonly ending = new AbortController()
  private readonly beat: NodeJS.Timeout
  private current: JobOf<K>
  /** Changes are made one after the other. */
  private last: Promise<unknown> = Promise.resolve()
  private isLost = false

  constructor(parts: ClaimedJobParts<K>) {
    this.parts = parts
    this.current = parts.job
    parts.stopping.addEventListener('abort', this.stop)
    if (parts.stopping.aborted) this.stop()
    this.beat = setInterval(() => void this.renew(), parts.leaseMs / 3)
    this.beat.unref()
  }

  get job(): JobOf<K> {
    return this.current
  }

  /** Aborted when the engine stops, and when somebody else has the job. */
  get signal(): AbortSignal {
    return this.ending.signal
  }

  get isTaken(): boolean {
    return this.isLost
  }

  /** Notes how far it is. Throws `JobTaken`. */
  note(changes: Pick<Changes<K>, 'payload' | 'progress'>): Promise<void> {
    return this.change({ ...changes, changedMs: this.parts.now() })
  }

  /** Attempts are counted from the last one that got on. Throws `JobTaken`. */
  async gotOn(): Promise<void> {
    if (this.current.attempts > 1) await this.change({ attempts: 1 })
  }

  /** That it is still ours, and stays so for a while. Throws `JobTaken`. */
  confirm(): Promise<void> {
    return this.change({})
  }

  /** The last change: it is nobody's from then on. Throws `JobTaken`. */
  settle(changes: Changes<K>): Promise<void> {
    return this.change({ ...changes, owner: undefined, changedMs: this.parts.now() })
  }

  /** Instead of a last change. Throws `JobTaken`. */
  remove(): Promise<void> {
    return this.inTurn(() => this.parts.jobs.remove(this.current))
  }

  /** To be called when it is worked on no more. */
  close(): void {
    clearInterval(this.beat)
    this.parts.stopping.removeEventListener('abort', this.stop)
  }

  private change(changes: Changes<K>): Promise<void> {
    return this.inTurn(async () => {
      const { jobs, now, leaseMs } = this.parts
      const { current } = this
      const next = current.next && { ...current.next, dueMs: now() + leaseMs }
      const changed = { ...current, next, ...changes, revision: current.revision + 1 }
      const put = await jobs.put<K>(changed)
      if (put.is === 'done') this.current = changed
      return put
    })
  }

  private inTurn(act: () => Promise<{ is: 'done' | 'changed' }>): Promise<void> {
    const acted = this.last.then(async () => {
      if (this.isLost) throw new JobTaken()
      if ((await act()).is === 'done') return
      this.lose()
      throw new JobTaken()
    })
    this.last = acted.catch(() => {})
    return acted
  }

  private async renew(): Promise<void> {
    try {
      await this.confirm()
    } catch {
      // While the store cannot be reached, it is ours as long as the claim lasts, and no longer.
      if (this.parts.now() >= (this.current.next?.dueMs ?? 0)) this.lose()
    }
  }

  private lose(): void {
    this.isLost = true
    this.ending.abort(new JobTaken())
  }

  private readonly stop = () => this.ending.abort(this.parts.stopping.reason)
}
