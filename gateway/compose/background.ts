// The follow-up work of a server, done by one process of it: what commits have left in the outbox,
// giving disk space back, verifying stored data, and clearing away what was abandoned.
import type { BlobNode } from '../../datanode/blob-node.ts'
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { startOutboxRelay } from '../../metadata/tasks/outbox-relay.ts'
import { makeRoom } from '../background/make-room.ts'
import { type RepeatingJob, repeat } from '../background/repeating.ts'
import { sweepOrphans } from '../background/sweep-orphans.ts'
import { sweepBundles } from '../bundles/sweep-bundles.ts'
import { ChunksUnavailable } from '../data/chunks-unavailable.ts'
import { sweepManifests } from '../zip/sweep-manifests.ts'

export type BackgroundOptions = {
  /** Multipart uploads older than this are aborted; 0 keeps them for ever. */
  readonly staleUploadMs: number
  /** Running time for which chunks that metadata do not know are kept. */
  readonly keepOrphansMs: number
  /** Bytes of stored data verified a second, on average. */
  readonly scrubBytesPerSecond: number
}

export type BackgroundDeps = {
  readonly metadata: MetadataStore
  /** Where the chunks of all nodes are deleted. */
  readonly blobs: Pick<BlobStore, 'delete'>
  /** The node that is kept here. */
  readonly node: BlobNode
  readonly now: () => number
  readonly options: BackgroundOptions
  /** Work that needs more than the stores. */
  readonly moreJobs: readonly RepeatingJob[]
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void
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
const orphanPauseMs = 60 * minute
const orphanMinAgeMs = 60 * minute
const abortPage = 100

export function startBackground(deps: BackgroundDeps): Background {
  const onFailure = (job: string, cause: unknown) =>
    deps.log('background job failed', { job, cause })
  const relay = startOutboxRelay({
    outbox: deps.metadata.outbox,
    deleteBlobs: async (blobs) => {
      // What nothing refers to any more is an orphan then, and deleted as such.
      if (await deps.metadata.orphans.defersDeletions()) return
      const deleted = await deps.blobs.delete(blobs)
      if (deleted.is === 'unavailable') throw new ChunksUnavailable('a deleted chunk')
    },
    onFailure: (cause) => onFailure('outbox', cause),
    onSetAside: ({ seq, tenantId }, cause) =>
      deps.log('broken release set aside', { seq, tenantId, cause }),
  })
  const running = [...jobs(deps), ...deps.moreJobs].map((job) => repeat(job, onFailure))
  return {
    stop: async () => {
      await Promise.all([relay.stop(), ...running.map((job) => job.stop())])
    },
  }
}

function jobs(deps: BackgroundDeps): readonly RepeatingJob[] {
  const { metadata, node, now, options } = deps
  return [
    {
      name: 'reclaim',
      pauseMs: reclaimPauseMs,
      run: async (signal) =>
        (await node.reclaim(reclaimBytes, { signal })).is === 'worked' ? 'again' : 'idle',
    },
    { name: 'scrub', pauseMs: scrubPauseMs, run: (signal) => scrub(deps, signal) },
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
        if (left > 0 || swept.removed > 0) deps.log('orphaned chunks', { ...swept, left })
        return 'idle'
      },
    },
    { name: 'running time', pauseMs: minute, run: countRunningTime(metadata) },
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
    makeRoom(deps),
    {
      name: 'expired bundles',
      pauseMs: minute,
      run: async (signal) => {
        await sweepBundles(metadata, { nowMs: now(), signal })
        return 'idle'
      },
    },
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

async function scrub({ node, options, log }: BackgroundDeps, signal: AbortSignal): Promise<'idle'> {
  const bytes = (options.scrubBytesPerSecond * scrubPauseMs) / second
  if (bytes === 0) return 'idle'
  const { corrupt, problems } = await node.scrub(bytes, { signal })
  for (const problem of problems) log('damaged segment', { problem })
  for (const ref of corrupt) {
    log('corrupt chunk', { chunk: ref.id.toString('hex'), generation: ref.generation })
  }
  return 'idle'
}
