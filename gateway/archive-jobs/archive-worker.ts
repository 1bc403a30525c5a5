// The work of archive jobs, for the one process of a server that does background work: running them by
// size class, so that a large one holds up no small ones, and looking after them (`archive-upkeep.ts`).
import { archiveSizeClasses } from '../../metadata/archive-job-store.ts'
import { onceItWorks } from '../background/once-it-works.ts'
import type { RepeatingJob } from '../background/repeating.ts'
import { jobsAtOnce } from './archive-limits.ts'
import { archiveUpkeep } from './archive-upkeep.ts'
import { type ArchiveWorkerDeps, runArchiveJob } from './run-archive-job.ts'

const lookEveryMs = 1_000
/** More than run at once. */
const abandonedMax = 1_000

export function archiveWork(deps: ArchiveWorkerDeps): readonly RepeatingJob[] {
  const { archiveJobs } = deps.metadata
  const begin = onceItWorks(() => requeueAbandoned(deps))
  const slots = archiveSizeClasses.flatMap((sizeClass) =>
    Array.from({ length: jobsAtOnce[sizeClass] }, (_, slot) => ({
      name: `archives, ${sizeClass} ${slot + 1}`,
      pauseMs: lookEveryMs,
      run: async (signal: AbortSignal) => {
        await begin()
        const job = await archiveJobs.nextQueued(sizeClass, deps.now())
        if (job === undefined) return 'idle' as const
        await runArchiveJob(deps, job, signal)
        return 'again' as const
      },
    })),
  )
  return [...slots, archiveUpkeep(deps)]
}

/** Nobody else runs jobs: those that run were left by a process that died. */
async function requeueAbandoned({ metadata, now }: ArchiveWorkerDeps): Promise<void> {
  const { archiveJobs } = metadata
  for (const sizeClass of archiveSizeClasses) {
    for (const job of await archiveJobs.inState('running', { sizeClass, limit: abandonedMax })) {
      const state = { is: 'queued', notBeforeMs: now() } as const
      await archiveJobs.put({ ...job, state, changedMs: now(), revision: job.revision + 1 })
    }
  }
}
