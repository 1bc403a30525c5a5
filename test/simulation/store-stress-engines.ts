// The real engines of one process for `store-stress.ts`, with their follow-up work made hasty: it
// reclaims and sweeps all the time, and spares nothing for being young.
import assert from 'node:assert'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { clearOwner } from '../../gateway/background/clear-owners.ts'
import { sweepOrphans } from '../../gateway/background/sweep-orphans.ts'
import { HashPool } from '../../gateway/data/digests/hash-pool.ts'
import { ReadLeases } from '../../gateway/data/read/read-leases.ts'
import { Ingest } from '../../gateway/data/write/ingest.ts'
import { IngestBudget } from '../../gateway/data/write/ingest-budget.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { embeddedTaskQueue } from '../../metadata/tasks/embedded-task-queue.ts'
import { deletionWork, releaseWork } from '../../metadata/tasks/freeing-work.ts'
import { startTasks } from '../../metadata/tasks/start-tasks.ts'
import { loadChecksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'

export type StressEngines = Awaited<ReturnType<typeof openEngines>>

const segmentBytes = 2 * 1024 * 1024
const reclaimBytes = 8 * 1024 * 1024
/** Young chunks are swept too: an hour of a slow upload in a moment. */
const sweepAgeMs = -60_000

/** The stores alone, with nothing running on them. */
export async function openStores(directory: string, random: SeededBytes) {
  const { bytes } = random
  const processId = bytes(6).toString('hex')
  const metadataPath = join(directory, 'metadata')
  const metadata = await LmdbMetadataStore.open({
    path: metadataPath,
    random: bytes,
    role: 'primary',
  })
  const blobs = await DiskBlobStore.open({
    isReferenced: (refs) => metadata.chunks.areReferenced(refs),
    path: join(directory, 'chunks'),
    role: 'primary',
    processId,
    vfs: realVfs,
    nowMs: Date.now,
    randomBytes: bytes,
    segmentBytes,
    reserveBytes: 0,
  })
  const close = async () => {
    await blobs.close()
    await metadata.close()
  }
  return { metadata, metadataPath, blobs, processId, close }
}

export async function openEngines(directory: string, random: SeededBytes) {
  const { bytes } = random
  const stores = await openStores(directory, random)
  const { metadata, blobs, processId } = stores
  const failures: unknown[] = []
  await metadata.owners.endFormerLives()
  for (const ended of await metadata.owners.ended({ limit: 100 })) {
    await clearOwner(metadata, ended)
  }
  await metadata.owners.begin(processId, 3_600_000)
  const hashPool = new HashPool({ threadsMax: 1 })
  const budget = new IngestBudget({ buffersMax: 6, nowMs: Date.now, quietMs: 5, patienceMs: 20 })
  const ingest = new Ingest({
    chunks: metadata.chunks,
    blobs,
    budget,
    hashPool,
    checksums: await loadChecksums(),
    random: bytes,
    owner: () => processId,
    nowMs: Date.now,
    onLeftover: (cause) => failures.push(cause),
  })
  const readLeases = new ReadLeases({
    leases: metadata.leases,
    random: bytes,
    owner: () => processId,
    nowMs: Date.now,
    windowMs: 20,
  })
  const sweep = () =>
    sweepOrphans(
      { node: blobs, orphans: metadata.orphans },
      { minAgeMs: sweepAgeMs, keepMs: 0, signal: new AbortController().signal },
    )
  const background = startHastyWork({ metadata, blobs, sweep, failures })
  const close = async () => {
    await background.stop()
    await readLeases.close()
    await hashPool.close()
    assert.equal(budget.usage().lent, 0, 'buffers of the ingest budget did not come back')
    await stores.close()
  }
  return { metadata, blobs, ingest, readLeases, failures, close }
}

function startHastyWork(parts: {
  metadata: LmdbMetadataStore
  blobs: DiskBlobStore
  sweep: () => Promise<unknown>
  failures: unknown[]
}) {
  const { metadata, blobs, sweep, failures } = parts
  let running = true
  const again = async (pauseMs: number, work: () => Promise<unknown>) => {
    while (running) {
      await work().catch((cause: unknown) => failures.push(cause))
      await sleep(pauseMs)
    }
  }
  const tasks = startTasks({
    outbox: metadata.outbox,
    queue: embeddedTaskQueue({ tasksMax: 256, onFailure: (cause) => failures.push(cause) }),
    owner: () => 'stress',
    onFailure: (cause) => failures.push(cause),
    onBuried: (_, cause) => failures.push(cause),
  })
  tasks.work(releaseWork(metadata.outbox))
  tasks.work(
    deletionWork(async (refs) => {
      await blobs.delete(refs)
    }),
  )
  const loops = [
    again(5, () => blobs.reclaim(reclaimBytes)),
    again(15, () => blobs.maintain()),
    again(25, sweep),
    again(20, () => blobs.scrub(reclaimBytes).then(({ corrupt }) => failures.push(...corrupt))),
  ]
  return {
    stop: async () => {
      running = false
      await Promise.all([tasks.stop(), ...loops])
    },
  }
}
