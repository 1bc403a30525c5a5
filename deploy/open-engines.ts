// Chooses the engines and opens them: the one place that knows which there are.
import { randomBytes } from 'node:crypto'
import type { OpenedNode } from '../datanode/blob-node.ts'
import { realVfs } from '../datanode/disk/real-vfs.ts'
import { type MasterKey, openMasterKey } from '../gateway/access/keys/master-key-file.ts'
import { type Repeating, type RepeatingJob, repeat } from '../gateway/background/repeating.ts'
import { type Background, startBackground } from '../gateway/compose/background.ts'
import { type ArchiveWork, composeArchiveWork } from '../gateway/compose/compose-archive-work.ts'
import { composeGateway, type Gateway, type Log } from '../gateway/compose/compose-gateway.ts'
import {
  composeGatheringWork,
  type GatheringWork,
} from '../gateway/compose/compose-gathering-work.ts'
import type { Config } from '../gateway/config/config.ts'
import { createS3Server } from '../gateway/http/s3-server.ts'
import type { LmdbMetadataStore } from '../metadata/lmdb/lmdb-metadata-store.ts'
import { MetadataFull } from '../metadata/metadata-full.ts'
import { collectOften } from './collector-flags.ts'
import { diskReserve } from './disk-reserve.ts'
import { logToStderr } from './log.ts'
import { openPair, type Pair, type PairOptions, proveStores } from './pair-stores.ts'
import type { Engines, OpenEngines, ProcessRole } from './serving.ts'

const noSignal = new AbortController().signal
const blobUpkeepMs = 10_000
/** How much older a copy of the metadata may be and still pass for theirs. */
const markPauseMs = 1000
/** Every stored byte is read and checked once in a while, without being felt. */
const scrubBytesPerSecond = 4 * 1024 * 1024

export const openEngines: OpenEngines = async (config, { role, processId, readAll = false }) => {
  // Looked at before anything is made: a new key next to old data would hide that theirs is missing.
  const proof = role === 'worker' ? undefined : await proveStores(config.dataDirectory, { readAll })
  const { key: masterKey } = await openMasterKey(config.masterKeyFile, {
    random: randomBytes,
    mayCreate: proof?.isNew === true,
  })
  const stores = await openStores(config, role, { processId, proof })
  return new EmbeddedEngines({ config, masterKey, processId, log: logToStderr, ...stores })
}

async function openStores(
  config: Config,
  role: ProcessRole,
  opening: Pick<PairOptions, 'processId' | 'proof'>,
): Promise<Pair> {
  const pair = await openPair({
    dataDirectory: config.dataDirectory,
    role: role === 'worker' ? 'worker' : 'primary',
    ...opening,
    onMetadataUnusable: (cause, disk) => {
      // No other could take the place of the process that hands out connections; it serves none itself.
      if (role === 'primary' && disk === 'readOnly') logToStderr('the disk is read-only', { cause })
      else endProcess('metadata cannot be written any more', cause)
    },
    onIndexUnusable: (cause) => endProcess('the chunk index cannot be read any more', cause),
  })
  if (role !== 'worker') {
    await reserveOf(config, pair.blobs).run(noSignal)
    // Nothing else runs yet: whoever began a chunk list is gone.
    await unlessFull(pair.metadata.chunks.abandonListsExcept([]))
  }
  return pair
}

type EngineParts = Pair & {
  readonly config: Config
  readonly masterKey: MasterKey
  readonly processId: string
  readonly log: Log
}

class EmbeddedEngines implements Engines {
  readonly tenants: LmdbMetadataStore['tenants']
  readonly masterKey: MasterKey
  readonly #parts: EngineParts
  readonly #upkeep: readonly Repeating[]
  #gateway: Gateway | undefined
  #background: Background | undefined
  #archiveWork: ArchiveWork | undefined
  #gatheringWork: GatheringWork | undefined

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.tenants = parts.metadata.tenants
    this.masterKey = parts.masterKey
    const { blobs, log, lineage } = parts
    const jobs: RepeatingJob[] = [
      { name: 'segments', pauseMs: blobUpkeepMs, run: idleAfter(() => blobs.maintain()) },
    ]
    if (lineage !== undefined) {
      jobs.push({
        name: 'marks',
        pauseMs: markPauseMs,
        run: idleAfter(() => unlessFull(lineage.keep())),
      })
    }
    const onFailure = (job: string, cause: unknown) => log('background job failed', { job, cause })
    this.#upkeep = jobs.map((job) => repeat(job, onFailure))
    reportRecovery(blobs, log)
  }

  async serveS3({ listen, tls }: Parameters<Engines['serveS3']>[0]) {
    const gateway = await composeGateway({
      ...this.#parts,
      random: randomBytes,
      now: Date.now,
      onManyReaders: collectOften,
      check: async () => {
        await this.check()
      },
    })
    this.#gateway = gateway
    const server = createS3Server({ ...gateway, ...(tls === undefined ? {} : { tls }) })
    const { address, port } = await server.listen(listen.port, listen.host)
    return { address: { host: address, port }, setTls: server.setTls, close: server.close }
  }

  startBackgroundWork(): void {
    const { metadata, blobs, config, log } = this.#parts
    const parts = { ...this.#parts, random: randomBytes, now: Date.now }
    this.#archiveWork = composeArchiveWork(parts)
    this.#gatheringWork = composeGatheringWork(parts)
    this.#background = startBackground({
      metadata,
      blobs,
      node: blobs,
      now: Date.now,
      moreJobs: [...this.#archiveWork.jobs, ...this.#gatheringWork.jobs, reserveOf(config, blobs)],
      options: {
        staleUploadMs: config.staleUploadAgeMs,
        keepOrphansMs: config.keepOrphansMs,
        scrubBytesPerSecond,
      },
      log,
    })
  }

  async processesLeft(living: ReadonlySet<string>): Promise<void> {
    const { metadata, blobs, log, processId } = this.#parts
    for (const problem of await blobs.adoptOrphanSegments(living))
      log('damaged segment', { problem })
    await metadata.chunks.abandonListsExcept([processId, ...living])
  }

  async check(): Promise<Readonly<Record<string, number>>> {
    const { metadata, blobs } = this.#parts
    // A disk that is full or read-only: reads are served, and writes are told so.
    const writable = unlessFull(metadata.checkWritable())
    await Promise.all([this.tenants.list(), writable, blobs.usage()])
    return { orphanedChunks: await metadata.orphans.count() }
  }

  async close(): Promise<void> {
    await this.#background?.stop()
    await this.#archiveWork?.close()
    await this.#gatheringWork?.close()
    await Promise.all(this.#upkeep.map((job) => job.stop()))
    await this.#gateway?.close()
    const { lineage, blobs, metadata } = this.#parts
    // So that no copy from before this stop passes for what is there after it.
    if (lineage !== undefined) {
      await unlessFull(lineage.keep()).catch((cause: unknown) =>
        logToStderr('the last mark failed', { cause }),
      )
    }
    await blobs.close()
    await lineage?.close()
    await metadata.close()
  }
}

function idleAfter(work: () => Promise<void>): RepeatingJob['run'] {
  return async () => {
    await work()
    return 'idle'
  }
}

function reserveOf({ dataDirectory }: Config, blobs: OpenedNode): RepeatingJob {
  return diskReserve({
    ...{ dataDirectory, vfs: realVfs, log: logToStderr },
    isFull: () => blobs.isFull(),
  })
}

/** What is not done for want of room is done at a later start, or again and again. */
async function unlessFull(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (cause) {
    if (!(cause instanceof MetadataFull)) throw cause
  }
}

/** What the blob store found wrong after an unclean stop is for the operator to know. */
function reportRecovery(blobs: OpenedNode, log: Log): void {
  for (const problem of blobs.recovery?.problems ?? []) log('damaged segment', { problem })
}

/**
 * At once: what is under way may never be answered, and what is durable needs no closing. The primary
 * replaces a worker; the service manager, or whoever started it, the server.
 */
function endProcess(why: string, cause: unknown): never {
  logToStderr(`${why}: this process ends`, { pid: process.pid, cause })
  process.exit(1)
}
