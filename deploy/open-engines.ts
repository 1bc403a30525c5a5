// Chooses the engines and opens them: the one place that knows which there are.
import { randomBytes } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskBlobStore } from '../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../datanode/disk/real-vfs.ts'
import { composeGateway, type Gateway, type Log } from '../gateway/compose.ts'
import { type ArchiveWork, composeArchiveWork } from '../gateway/compose-archive-work.ts'
import { composeGatheringWork, type GatheringWork } from '../gateway/compose-gathering-work.ts'
import type { Config } from '../gateway/config.ts'
import { createS3Server } from '../gateway/http/s3-server.ts'
import { type MasterKey, openMasterKey } from '../gateway/keys/master-key-file.ts'
import { type Background, startBackground } from '../gateway/workers/background.ts'
import { type Repeating, type RepeatingJob, repeat } from '../gateway/workers/repeating.ts'
import { LmdbMetadataStore } from '../metadata/lmdb/lmdb-metadata-store.ts'
import { MetadataFull } from '../metadata/metadata-full.ts'
import { collectOften } from './collector-flags.ts'
import { diskReserve } from './disk-reserve.ts'
import { logToStderr } from './log.ts'
import type { Engines, OpenEngines, ProcessRole } from './serving.ts'

const noSignal = new AbortController().signal
const blobUpkeepMs = 10_000
/** Every stored byte is read and checked once in a while, without being felt. */
const scrubBytesPerSecond = 4 * 1024 * 1024

export const openEngines: OpenEngines = async (config, { role, processId }) => {
  const masterKey = await openKey(config)
  const stores = await openStores(config, role, processId)
  return new EmbeddedEngines({ config, masterKey, processId, log: logToStderr, ...stores })
}

/** A new key next to existing data would be of no use to it, and hide that the old one is missing. */
async function openKey(config: Config): Promise<MasterKey> {
  const mayCreate = !(await exists(metadataPath(config)))
  const { key } = await openMasterKey(config.masterKeyFile, { random: randomBytes, mayCreate })
  return key
}

function metadataPath(config: Config): string {
  return join(config.dataDirectory, 'metadata')
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false
    throw cause
  }
}

type Stores = { readonly metadata: LmdbMetadataStore; readonly blobs: DiskBlobStore }

async function openStores(config: Config, role: ProcessRole, processId: string): Promise<Stores> {
  const storeRole = role === 'worker' ? 'worker' : 'primary'
  const metadata = await LmdbMetadataStore.open({
    path: metadataPath(config),
    random: randomBytes,
    role: storeRole,
    onUnusable: (cause, disk) => {
      // No other could take the place of the process that hands out connections; it serves none itself.
      if (role === 'primary' && disk === 'readOnly') logToStderr('the disk is read-only', { cause })
      else endProcess('metadata cannot be written any more', cause)
    },
  })
  try {
    const blobs = await DiskBlobStore.open({
      path: join(config.dataDirectory, 'chunks'),
      role: storeRole,
      processId,
      vfs: realVfs,
      nowMs: Date.now,
      randomBytes,
      onUnusable: (cause) => endProcess('the chunk index cannot be read any more', cause),
    })
    if (storeRole === 'primary') {
      await reserveOf(config, blobs).run(noSignal)
      // Nothing else runs yet: whoever began a chunk list is gone.
      await unlessFull(metadata.chunks.abandonListsExcept([]))
    }
    return { metadata, blobs }
  } catch (cause) {
    await metadata.close()
    throw cause
  }
}

type EngineParts = Stores & {
  readonly config: Config
  readonly masterKey: MasterKey
  readonly processId: string
  readonly log: Log
}

class EmbeddedEngines implements Engines {
  readonly tenants: LmdbMetadataStore['tenants']
  readonly masterKey: MasterKey
  readonly #parts: EngineParts
  readonly #upkeep: Repeating
  #gateway: Gateway | undefined
  #background: Background | undefined
  #archiveWork: ArchiveWork | undefined
  #gatheringWork: GatheringWork | undefined

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.tenants = parts.metadata.tenants
    this.masterKey = parts.masterKey
    const { blobs, log } = parts
    this.#upkeep = repeat(
      {
        name: 'segments',
        pauseMs: blobUpkeepMs,
        run: async () => {
          await blobs.maintain()
          return 'idle'
        },
      },
      (job, cause) => log('background job failed', { job, cause }),
    )
    reportRecovery(blobs, log)
  }

  async serveS3({ listen, tls }: Parameters<Engines['serveS3']>[0]) {
    const gateway = await composeGateway({
      ...this.#parts,
      random: randomBytes,
      now: Date.now,
      onManyReaders: collectOften,
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
      now: Date.now,
      moreJobs: [...this.#archiveWork.jobs, ...this.#gatheringWork.jobs, reserveOf(config, blobs)],
      options: { staleUploadMs: config.staleUploadAgeMs, scrubBytesPerSecond },
      log,
    })
  }

  async processesLeft(living: ReadonlySet<string>): Promise<void> {
    const { metadata, blobs, log, processId } = this.#parts
    for (const problem of await blobs.adoptOrphanSegments(living))
      log('damaged segment', { problem })
    await metadata.chunks.abandonListsExcept([processId, ...living])
  }

  async check(): Promise<void> {
    const { metadata, blobs } = this.#parts
    // A disk that is full or read-only: reads are served, and writes are told so.
    const writable = unlessFull(metadata.checkWritable())
    await Promise.all([this.tenants.list(), writable, blobs.usage()])
  }

  async close(): Promise<void> {
    await this.#background?.stop()
    await this.#archiveWork?.close()
    await this.#gatheringWork?.close()
    await this.#upkeep.stop()
    await this.#gateway?.close()
    await this.#parts.blobs.close()
    await this.#parts.metadata.close()
  }
}

function reserveOf({ dataDirectory }: Config, blobs: DiskBlobStore): RepeatingJob {
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
function reportRecovery(blobs: DiskBlobStore, log: Log): void {
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
