// The work of archive jobs, for the one process of a server that does background work: running them by
// size class, ending what has expired, forgetting what is long over.
import { archiveSizeClasses } from '../../metadata/archive-job-store.ts'
import type { RepeatingJob } from '../workers/repeating.ts'
import { jobRememberedMs, jobsAtOnce } from './archive-limits.ts'
import { cleanUpJob } from './clean-up-job.ts'
import { removeResult } from './result-object.ts'
import { type ArchiveWorkerParts, runArchiveJob } from './run-archive-job.ts'

const lookEveryMs = 1_000
const upkeepEveryMs = 10_000
const upkeepAtOnce = 1_000

export function archiveWork(parts: ArchiveWorkerParts): readonly RepeatingJob[] {
  const { archiveJobs } = parts.metadata
  let begun: Promise<void> | undefined
  const begin = () => {
    begun ??= requeueAbandoned(parts).catch((cause: unknown) => {
      begun = undefined
      throw cause
    })
    return begun
  }
  const slots = archiveSizeClasses.flatMap((sizeClass) =>
    Array.from({ length: jobsAtOnce[sizeClass] }, (_, slot) => ({
      name: `archives, ${sizeClass} ${slot + 1}`,
      pauseMs: lookEveryMs,
      run: async (signal: AbortSignal) => {
        await begin()
        const job = await archiveJobs.nextQueued(sizeClass, parts.now())
        if (job === undefined) return 'idle' as const
        await runArchiveJob(parts, job, signal)
        return 'again' as const
      },
    })),
  )
  const upkeep: RepeatingJob = {
    name: 'archives, upkeep',
    pauseMs: upkeepEveryMs,
    run: async () => {
      await endExpired(parts)
      await clearLeftovers(parts)
      return 'idle'
    },
  }
  return [...slots, upkeep]
}

/** Nobody else runs jobs: those that run were left by a process that died. */
async function requeueAbandoned({ metadata, now }: ArchiveWorkerParts): Promise<void> {
  for (const job of await metadata.archiveJobs.inState('running', upkeepAtOnce)) {
    const state = { is: 'queued', notBeforeMs: now() } as const
    const revision = job.revision + 1
    await metadata.archiveJobs.put({ ...job, state, changedMs: now(), revision })
  }
}

async function endExpired({ metadata, now }: ArchiveWorkerParts): Promise<void> {
  const nowMs = now()
  for (const job of await metadata.archiveJobs.inState('done', upkeepAtOnce)) {
    if (job.state.is !== 'done' || job.state.expiresMs > nowMs) continue
    await removeResult(metadata, job, nowMs)
    const revision = job.revision + 1
    await metadata.archiveJobs.put({ ...job, state: { is: 'expired' }, changedMs: nowMs, revision })
  }
}

/** What a process that died in the middle of ending a job has left, and what is long over. */
async function clearLeftovers({ metadata, now }: ArchiveWorkerParts): Promise<void> {
  for (const is of ['done', 'cancelled', 'failed'] as const) {
    for (const job of await metadata.archiveJobs.inState(is, upkeepAtOnce)) {
      if ((await metadata.manifests.get(job.manifestId)) === undefined) continue
      await cleanUpJob(metadata, job)
    }
  }
  const changedBeforeMs = now() - jobRememberedMs
  const over = await metadata.archiveJobs.forgettable({ changedBeforeMs, limit: upkeepAtOnce })
  for (const job of over) await metadata.archiveJobs.remove(job)
}
