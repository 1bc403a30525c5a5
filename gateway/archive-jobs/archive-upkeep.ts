// What archive jobs need besides running: results are removed when they expire, what a process that died
// has left is cleared away, and jobs that are long over are forgotten.
import {
  type ArchiveJob,
  type ArchiveSizeClass,
  archiveSizeClasses,
} from '../../metadata/archive-job-store.ts'
import type { RepeatingJob } from '../background/repeating.ts'
import { jobRememberedMs } from './archive-limits.ts'
import { cleanUpJob, hasLeftovers } from './clean-up-job.ts'
import { removeResult } from './result-object.ts'
import type { ArchiveWorkerDeps } from './run-archive-job.ts'

type Parts = Pick<ArchiveWorkerDeps, 'metadata' | 'now'>

const upkeepEveryMs = 10_000
const atOnce = 1_000

export function archiveUpkeep(deps: Parts): RepeatingJob {
  const rounds = archiveSizeClasses.flatMap((sizeClass) =>
    (['done', 'cancelled', 'failed'] as const).map((is) => new LeftoverRound(deps, is, sizeClass)),
  )
  return {
    name: 'archives, upkeep',
    pauseMs: upkeepEveryMs,
    run: async () => {
      for (const sizeClass of archiveSizeClasses) await endExpired(deps, sizeClass)
      for (const round of rounds) await round.walkOn()
      await forgetOld(deps)
      return 'idle'
    },
  }
}

async function endExpired({ metadata, now }: Parts, sizeClass: ArchiveSizeClass): Promise<void> {
  const nowMs = now()
  for (const job of await metadata.archiveJobs.inState('done', { sizeClass, limit: atOnce })) {
    if (job.state.is !== 'done' || job.state.expiresMs > nowMs) return
    await removeResult(metadata, job, nowMs)
    const revision = job.revision + 1
    await metadata.archiveJobs.put({ ...job, state: { is: 'expired' }, changedMs: nowMs, revision })
  }
}

/** Goes round and round the jobs in a state, some of them at a time, however many there are. */
class LeftoverRound {
  private after: ArchiveJob | undefined
  private readonly deps: Parts
  private readonly is: 'done' | 'cancelled' | 'failed'
  private readonly sizeClass: ArchiveSizeClass

  constructor(deps: Parts, is: 'done' | 'cancelled' | 'failed', sizeClass: ArchiveSizeClass) {
    this.deps = deps
    this.is = is
    this.sizeClass = sizeClass
  }

  async walkOn(): Promise<void> {
    const { metadata, now } = this.deps
    const jobs = await metadata.archiveJobs.inState(this.is, {
      sizeClass: this.sizeClass,
      limit: atOnce,
      ...(this.after === undefined ? {} : { after: this.after }),
    })
    for (const job of jobs) {
      if (await hasLeftovers(metadata, job)) await cleanUpJob(metadata, job, now())
    }
    this.after = jobs.length === atOnce ? jobs.at(-1) : undefined
  }
}

async function forgetOld({ metadata, now }: Parts): Promise<void> {
  const changedBeforeMs = now() - jobRememberedMs
  const over = await metadata.archiveJobs.forgettable({ changedBeforeMs, limit: atOnce })
  for (const job of over) await metadata.archiveJobs.remove(job)
}
