// Chooses the engines and opens them: the one place that knows which there are.
import { randomBytes } from 'node:crypto'
import type { OpenedNode } from '../../datanode/blob-node.ts'
import { diskEngine } from '../../datanode/disk/disk-engine.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { type MasterKey, openMasterKey } from '../../gateway/access/keys/master-key-file.ts'
import { clearOwner } from '../../gateway/background/clear-owners.ts'
import { LivingOwner } from '../../gateway/background/keep-owner.ts'
import { type Repeating, type RepeatingJob, repeat } from '../../gateway/background/repeating.ts'
import { type Background, startBackground } from '../../gateway/compose/background.ts'
import { composeGateway, type Gateway } from '../../gateway/compose/compose-gateway.ts'
import { type ComposedWorks, composeJobWorks } from '../../gateway/compose/compose-job-works.ts'
import type { Config } from '../../gateway/config/config.ts'
import { logRequests } from '../../gateway/http/request-record.ts'
import { createS3Server } from '../../gateway/http/s3-server.ts'
import type { Log } from '../../gateway/log.ts'
import { lmdbEngine } from '../../metadata/lmdb/lmdb-engine.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Finding, StoreEngine } from '../../protocol/store/store-engine.ts'
import { lineageEngine } from '../stores/lineage-engine.ts'
import { openPair, type PairOptions, proveStores } from '../stores/pair-stores.ts'
import { collectOften } from './collector-flags.ts'
import { diskReserve } from './disk-reserve.ts'
import { openLog } from './log.ts'
import { openTaskQueue } from './open-task-queue.ts'
import type { Engines, OpenEngines, ProcessRole } from './serving.ts'

const noSignal = new AbortController().signal
/** Every stored byte is read and checked once in a while, without being felt. */
const scrubBytesPerSecond = 4 * 1024 * 1024

export const openEngines: OpenEngines = async (config, { role, processId, readAll = false }) => {
  // Looked at before anything is made: a new key next to old data would hide that theirs is missing.
  const proof = role === 'worker' ? undefined : await proveStores(config.dataDirectory, { readAll })
  const { key: masterKey } = await openMasterKey(config.masterKeyFile, {
    random: randomBytes,
    mayCreate: proof?.isNew === true,
  })
  const log = openLog(config.logLevel)
  const stores = await openStores(config, role, { processId, proof, log })
  const owner = await LivingOwner.begin({
    owners: stores.metadata.owners,
    processId,
    onFailure: (cause) => log.error('heartbeat failed', { cause }),
    onEnded: (ended) => log.error('this process was silent for too long', { owner: ended }),
  })
  return new EmbeddedEngines({ config, masterKey, processId, owner, log, ...stores })
}

type Stores = {
  readonly metadata: MetadataStore
  readonly blobs: OpenedNode
  /** In the order in which they are closed. */
  readonly engines: readonly StoreEngine[]
  /** What keeps blocks of the disk for deletes. */
  readonly reserve: RepeatingJob
}

async function openStores(
  config: Config,
  role: ProcessRole,
  { log, ...opening }: Pick<PairOptions, 'processId' | 'proof'> & { readonly log: Log },
): Promise<Stores> {
  const { metadata, blobs, lineage } = await openPair({
    dataDirectory: config.dataDirectory,
    role: role === 'worker' ? 'worker' : 'primary',
    ...opening,
    onMetadataUnusable: (cause, disk) => {
      // No other could take the place of the process that hands out connections; it serves none itself.
      if (role === 'primary' && disk === 'readOnly') log.warn('the disk is read-only', { cause })
      else endProcess(log, 'metadata cannot be written any more', cause)
    },
    onIndexUnusable: (cause) => endProcess(log, 'the chunk index cannot be read any more', cause),
  })
  const reserve = diskReserve({
    ...{ dataDirectory: config.dataDirectory, vfs: realVfs, log },
    isFull: () => blobs.isFull(),
  })
  if (role !== 'worker') {
    await reserve.run(noSignal)
    // The lock of the directory proves that they are gone, whoever they were.
    await unlessFull(metadata.owners.endFormerLives())
  }
  const notes = lineage === undefined ? [] : [lineageEngine(lineage, log)]
  const engines = [...notes, diskEngine(blobs), lmdbEngine(metadata)]
  return { metadata, blobs, engines, reserve }
}

type EngineParts = Stores & {
  readonly config: Config
  readonly masterKey: MasterKey
  readonly processId: string
  readonly owner: LivingOwner
  readonly log: Log
}

class EmbeddedEngines implements Engines {
  readonly tenants: MetadataStore['tenants']
  readonly masterKey: MasterKey
  readonly #parts: EngineParts
  readonly #upkeep: readonly Repeating[]
  #gateway: Gateway | undefined
  #background: Background | undefined
  #jobWorks: ComposedWorks | undefined

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.tenants = parts.metadata.tenants
    this.masterKey = parts.masterKey
    const { engines, log } = parts
    const onFailure = (job: string, cause: unknown) =>
      log.error('background job failed', { job, cause })
    this.#upkeep = engines.flatMap(({ upkeep }) => upkeep.map((job) => repeat(job, onFailure)))
    for (const { findings } of engines) report(findings, log)
  }

  async serveS3({ listen, tls }: Parameters<Engines['serveS3']>[0]) {
    const { config, log } = this.#parts
    const gateway = await composeGateway({
      ...this.#parts,
      owner: () => this.#parts.owner.id,
      random: randomBytes,
      now: Date.now,
      onManyReaders: collectOften,
      observe: logRequests(log, { all: config.logLevel === 'debug' }),
      check: async (signal) => {
        await this.check(signal)
      },
    })
    this.#gateway = gateway
    const server = createS3Server({ ...gateway, ...(tls === undefined ? {} : { tls }) })
    const { address, port } = await server.listen(listen.port, listen.host)
    return { address: { host: address, port }, setTls: server.setTls, close: server.close }
  }

  startBackgroundWork(): void {
    const { reserve, config, log } = this.#parts
    const owner = () => this.#parts.owner.id
    const parts = { ...this.#parts, owner, random: randomBytes, now: Date.now }
    const jobWorks = composeJobWorks(parts)
    this.#jobWorks = jobWorks
    this.#background = startBackground({
      ...parts,
      node: this.#parts.blobs,
      queue: openTaskQueue(config.tasks, {
        onFailure: (cause) => log.error('task queue', { cause }),
      }),
      works: jobWorks.works,
      moreJobs: [reserve],
      options: {
        staleUploadMs: config.staleUploadAgeMs,
        keepOrphansMs: config.keepOrphansMs,
        scrubBytesPerSecond,
      },
    })
  }

  async processLeft(left: string, living: ReadonlySet<string>): Promise<void> {
    const { metadata, engines, log } = this.#parts
    for (const engine of engines) report(await engine.recover(living), log)
    await metadata.owners.end(left)
    await clearOwner(metadata, left)
  }

  async check(signal = noSignal): Promise<Readonly<Record<string, number>>> {
    const { metadata, engines } = this.#parts
    // A disk that is full or read-only is well: reads are served, and writes are told so.
    await Promise.all(engines.map((engine) => engine.check({ signal })))
    return { orphanedChunks: await metadata.orphans.count() }
  }

  async close(): Promise<void> {
    await this.#background?.stop()
    await this.#jobWorks?.close()
    await Promise.all(this.#upkeep.map((job) => job.stop()))
    await this.#gateway?.close()
    const { owner, engines, log } = this.#parts
    await unlessFull(owner.end()).catch((cause: unknown) =>
      log.error('the last heartbeat failed', { cause }),
    )
    for (const engine of engines) await engine.close()
  }
}

/** What is not done for want of room is done at a later start, or again and again. */
async function unlessFull(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (cause) {
    if (!(cause instanceof MetadataFull)) throw cause
  }
}

function report(findings: readonly Finding[], log: Log): void {
  for (const { what, details } of findings) log.error(what, details)
}

/**
 * At once: what is under way may never be answered, and what is durable needs no closing. The primary
 * replaces a worker; the service manager, or whoever started it, the server.
 */
function endProcess(log: Log, why: string, cause: unknown): never {
  log.error(`${why}: this process ends`, { pid: process.pid, cause })
  process.exit(1)
}
