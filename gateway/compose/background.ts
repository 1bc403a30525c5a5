// The follow-up work of a server, done by one process of it: what commits have left in the outbox, jobs, giving
// disk space back, verifying stored data, and clearing away what was abandoned. Other servers may do the same
// on the same metadata: what is of a disk is done by whoever has it, and what is of the metadata by whoever has
// claimed it (`background/sweeps-work.ts`).
import type { BlobNode } from '../../datanode/blob-node.ts'
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { deletionWork, releaseWork } from '../../metadata/tasks/freeing-work.ts'
import { type RunningTasks, startTasks, type TaskTimes } from '../../metadata/tasks/start-tasks.ts'
import type { TaskQueue } from '../../metadata/tasks/task-queue.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { forgetReplies } from '../admin/api/once.ts'
import { ensureRemovals } from '../admin/tenants/tenant-removal-job.ts'
import { clearOwners } from '../background/clear-owners.ts'
import { JobEngine } from '../background/job-engine.ts'
import type { JobWorks } from '../background/job-work.ts'
import { makeRoom } from '../background/make-room.ts'
import { type RepeatingJob, repeat } from '../background/repeating.ts'
import { sweepOrphans } from '../background/sweep-orphans.ts'
import { beginSweeps, sweepsWork } from '../background/sweeps-work.ts'
import { sweepBundles } from '../bundles/sweep-bundles.ts'
import { ChunksUnavailable } from '../data/storage-failure.ts'
import type { Log } from '../log.ts'
import { dropIdleArchives, sweepManifests } from '../zip/sweep-manifests.ts'

export type BackgroundOptions = {
  /** Multipart uploads older than this are aborted; 0 keeps them for ever. */
  readonly staleUploadMs: number
  /** Running time for which chunks that metadata do not know are kept. */
  readonly keepOrphansMs: number
  /** Bytes of stored data verified a second, on average. */
  readonly scrubBytesPerSecond: number
  /** Leases and pauses of tasks, where the usual ones would be waited for too long. */
  readonly taskTimes?: TaskTimes
  /** By kind of tasks: how many calls of its work run side by side here. Of others: 1. */
  readonly taskConcurrency?: Readonly<Record<string, number>>
}

export type BackgroundDeps = {
  readonly metadata: MetadataStore
  /** What carries tasks, where they are done here. Closed when the work is stopped. */
  readonly queue?: TaskQueue
  /** Where the chunks of all nodes are deleted. */
  readonly blobs: Pick<BlobStore, 'delete'>
  /**
   * The node that is kept here, if one is. What is of the metadata alone (sweeps) is done by keepers of nodes, too: it
   * asks nodes for orphans, and for room.
   */
  readonly node?: BlobNode
  /** In whose name tasks and jobs are claimed now (`metadata/owner-store.ts`). */
  readonly owner: () => string
  readonly random: RandomBytes
  readonly now: () => number
  readonly options: BackgroundOptions
  /** What jobs are done here, besides the sweeps of who keeps a node. */
  readonly works: JobWorks
  /** Work on what is this process's own. */
  readonly moreJobs: readonly RepeatingJob[]
  readonly log: Log
}

export interface Background {
  stop(): Promise<void>
}

const second = 1_000
const minute = 60 * second
/** Deleted data is back on the disk within about a minute: this pause, and the work itself. */
const reclaimPauseMs = 10 * second
const reclaimBytes = 64 * 1024 * 1024
/** A process that died in the middle of reads holds everything back until its lease has expired. */
const leasePauseMs = 10 * second
const scrubPauseMs = 10 * second
const usagePauseMs = 2 * second
/** Notes of what was added, which one transaction adds to counts. */
const usagePage = 500
const orphanPauseMs = 60 * minute
const orphanMinAgeMs = 60 * minute
const abortPage = 100

export function startBackground(deps: BackgroundDeps): Background {
  const onFailure = (job: string, cause: unknown) =>
    deps.log.error('background job failed', { job, cause })
  const { node, queue } = deps
  const tasks = queue && doTasks({ ...deps, queue }, onFailure)
  const sweeping =
    node === undefined ? {} : { sweeps: sweepsWork(() => sweeps({ ...deps, node }), onFailure) }
  const engine = new JobEngine({
    jobs: deps.metadata.jobs,
    works: { ...deps.works, ...sweeping },
    owner: deps.owner,
    random: deps.random,
    now: deps.now,
    log: deps.log,
  })
  const upkeep = node === undefined ? [] : nodeUpkeep({ ...deps, node })
  const repeated = [clearOwners(deps.metadata), ...upkeep, ...deps.moreJobs].map((job) =>
    repeat(job, onFailure),
  )
  const running = [...repeated, engine.start(onFailure)]
  return {
    stop: async () => {
      await Promise.all([tasks?.stop(), ...running.map((job) => job.stop())])
    },
  }
}

type OnFailure = (job: string, cause: unknown) => void

/** What commits have left in the outbox. */
function doTasks(
  deps: BackgroundDeps & Required<Pick<BackgroundDeps, 'queue'>>,
  onFailure: OnFailure,
): RunningTasks {
  const { outbox, orphans } = deps.metadata
  const tasks = startTasks({
    outbox,
    queue: deps.queue,
    owner: deps.owner,
    times: deps.options.taskTimes ?? {},
    concurrency: deps.options.taskConcurrency ?? {},
    onFailure: (cause) => onFailure('outbox', cause),
    onBuried: ({ kind, id, tenantId }, cause) =>
      deps.log.error('task buried', { kind, id, tenantId, cause }),
  })
  tasks.work(releaseWork(outbox))
  tasks.work(
    deletionWork(async (blobs) => {
      // What nothing refers to any more is an orphan then, and deleted as such.
      if (await orphans.defersDeletions()) return
      const deleted = await deps.blobs.delete(blobs)
      if (deleted.is === 'unavailable') throw new ChunksUnavailable('a deleted chunk')
    }),
  )
  return tasks
}

type Keeping = BackgroundDeps & Required<Pick<BackgroundDeps, 'node'>>

/** Of the disk of this process; and what has to be before there are sweeps. */
function nodeUpkeep(deps: Keeping): readonly RepeatingJob[] {
  const { metadata, node, now } = deps
  return [
    {
      name: 'reclaim',
      pauseMs: reclaimPauseMs,
      run: async (signal) =>
        (await node.reclaim(reclaimBytes, { signal })).is === 'worked' ? 'again' : 'idle',
    },
    { name: 'scrub', pauseMs: scrubPauseMs, run: (signal) => scrub(deps, signal) },
    {
      name: 'sweeps',
      pauseMs: minute,
      run: async () => {
        await beginSweeps(metadata.jobs, now())
        return 'idle'
      },
    },
  ]
}

/** Of what the metadata hold: by one process of all. Harmless when late, repeated or doubled for a moment. */
function sweeps(deps: Keeping): readonly RepeatingJob[] {
  const { metadata, node, now, options } = deps
  return [
    {
      name: 'orphan sweep',
      pauseMs: orphanPauseMs,
      run: async (signal) => {
        const { orphans } = metadata
        // After a recovery nothing goes until its time has passed.
        const isDeferred = await orphans.defersDeletions()
        const keepMs = isDeferred ? Number.MAX_SAFE_INTEGER : options.keepOrphansMs
        const keep = { minAgeMs: orphanMinAgeMs, keepMs, signal }
        const swept = await sweepOrphans({ node, orphans }, keep)
        const left = await orphans.count()
        if (left > 0 || swept.removed > 0) deps.log.info('orphaned chunks', { ...swept, left })
        return 'idle'
      },
    },
    { name: 'running time', pauseMs: minute, run: countRunningTime(metadata) },
    {
      name: 'usage',
      pauseMs: usagePauseMs,
      run: async () => ((await metadata.usage.fold(usagePage)) >= usagePage ? 'again' : 'idle'),
    },
    {
      name: 'stale uploads',
      pauseMs: minute,
      run: async () => {
        if (options.staleUploadMs === 0) return 'idle'
        const initiatedBeforeMs = now() - options.staleUploadMs
        const aborted = await metadata.uploads.abortStale({ initiatedBeforeMs, limit: abortPage })
        return aborted === abortPage ? 'again' : 'idle'
      },
    },
    {
      name: 'archive manifests',
      pauseMs: minute,
      run: (signal) => sweepManifests(metadata, { nowMs: now(), signal }),
    },
    makeRoom({
      ...deps,
      dropIdle: (limit) => dropIdleArchives(metadata, { nowMs: now(), limit }),
    }),
    {
      name: 'expired bundles',
      pauseMs: minute,
      run: async (signal) => {
        await sweepBundles(metadata, { nowMs: now(), signal })
        return 'idle'
      },
    },
    ensureRemovals({ metadata, now }),
    forgetReplies({ metadata, now }),
    {
      name: 'leases',
      pauseMs: leasePauseMs,
      run: async () => {
        await metadata.leases.expire(now())
        return 'idle'
      },
    },
  ]
}

/** For orphans and deferred deletions alone, which wait for it to pass. */
function countRunningTime({ orphans }: Pick<MetadataStore, 'orphans'>): RepeatingJob['run'] {
  let countedMs = performance.now()
  return async () => {
    const nowMs = performance.now()
    const elapsedMs = nowMs - countedMs
    const isWaitedFor = (await orphans.count()) > 0 || (await orphans.defersDeletions())
    if (isWaitedFor) await orphans.served(elapsedMs)
    countedMs = nowMs
    return 'idle'
  }
}

async function scrub({ node, options, log }: Keeping, signal: AbortSignal): Promise<'idle'> {
  const bytes = (options.scrubBytesPerSecond * scrubPauseMs) / second
  if (bytes === 0) return 'idle'
  const { corrupt, problems } = await node.scrub(bytes, { signal })
  for (const problem of problems) log.error('damaged segment', { problem })
  for (const ref of corrupt) {
    log.error('corrupt chunk', { chunk: ref.id.toString('hex'), generation: ref.generation })
  }
  return 'idle'
}
