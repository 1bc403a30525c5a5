// The engines of one process, opened, and what it does with them: serve S3, do what follows, or both.
import { randomBytes } from 'node:crypto'
import type { OpenedNode } from '../../datanode/blob-node.ts'
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { MasterKey } from '../../gateway/access/keys/master-key-file.ts'
import { clearOwner } from '../../gateway/background/clear-owners.ts'
import type { LivingOwner } from '../../gateway/background/keep-owner.ts'
import { type Repeating, type RepeatingJob, repeat } from '../../gateway/background/repeating.ts'
import { type Background, startBackground } from '../../gateway/compose/background.ts'
import { composeAdmin } from '../../gateway/compose/compose-admin.ts'
import { composeGateway, type Gateway } from '../../gateway/compose/compose-gateway.ts'
import { type ComposedWorks, composeJobWorks } from '../../gateway/compose/compose-job-works.ts'
import type { ServingConfig } from '../../gateway/config/config.ts'
import type { Readiness } from '../../gateway/http/admin-health.ts'
import { logRequests } from '../../gateway/http/request-record.ts'
import { createS3Server } from '../../gateway/http/s3-server.ts'
import type { Log } from '../../gateway/log.ts'
import { Quotas } from '../../gateway/quota/quotas.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import type { Finding, StoreEngine } from '../../protocol/store/store-engine.ts'
import { collectOften } from './collector-flags.ts'
import type { EngineLoss } from './engine-loss.ts'
import { openTaskQueue } from './open-task-queue.ts'
import type { Engines } from './serving.ts'

/** Every stored byte is read and checked once in a while, without being felt. */
export const scrubBytesPerSecond = 4 * 1024 * 1024
const noSignal = new AbortController().signal

export type Stores = {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  /** The same, where the chunks are kept here. */
  readonly node: OpenedNode | undefined
  /** In the order in which they are closed. */
  readonly engines: readonly StoreEngine[]
  /** What is to be repeated by the one process that looks after what is kept here. */
  readonly keeping: readonly RepeatingJob[]
}

export type EngineParts = Stores & {
  readonly config: ServingConfig & { readonly workers?: number }
  readonly masterKey: MasterKey
  readonly processId: string
  readonly owner: LivingOwner
  readonly log: Log
  readonly loss: EngineLoss
}

export class ProcessEngines implements Engines {
  readonly tenants: MetadataStore['tenants']
  readonly masterKey: MasterKey
  readonly lost: Promise<void>
  readonly #parts: EngineParts
  readonly #quotas: Quotas
  readonly #upkeep: readonly Repeating[]
  #gateway: Gateway | undefined
  #background: Background | undefined
  #jobWorks: ComposedWorks | undefined

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.tenants = parts.metadata.tenants
    this.masterKey = parts.masterKey
    const clock = () => performance.now()
    this.#quotas = new Quotas({ metadata: parts.metadata, clock })
    const { engines, log } = parts
    const onFailure = (job: string, cause: unknown) =>
      log.error('background job failed', { job, cause })
    this.#upkeep = engines.flatMap(({ upkeep }) => upkeep.map((job) => repeat(job, onFailure)))
    for (const { findings } of engines) report(findings, log)
    this.lost = parts.loss.happened
    void this.lost.then(() => this.#rest())
  }

  async serveS3({ listen, tls, audit }: Parameters<Engines['serveS3']>[0]) {
    const { config, log } = this.#parts
    const gateway = await composeGateway({
      ...this.#parts,
      quotas: this.#quotas,
      owner: () => this.#parts.owner.id,
      random: randomBytes,
      now: Date.now,
      onManyReaders: collectOften,
      observe: logRequests(log, { all: config.logLevel === 'debug' }),
      audit,
      check: async (signal) => {
        await this.check(signal)
      },
    })
    this.#gateway = gateway
    const server = createS3Server({ ...gateway, ...(tls === undefined ? {} : { tls }) })
    const { address, port } = await server.listen(listen.port, listen.host)
    return { address: { host: address, port }, setTls: server.setTls, close: server.close }
  }

  adminApi({ audit }: Parameters<Engines['adminApi']>[0]) {
    return composeAdmin({
      ...this.#parts,
      ...{ random: randomBytes, now: Date.now, audit },
      check: async () => {
        if (this.#parts.loss.hasHappened) throw new StoreUnavailable()
      },
    })
  }

  startBackgroundWork(): void {
    const { keeping, config, log, node } = this.#parts
    const owner = () => this.#parts.owner.id
    const parts = { ...this.#parts, owner, random: randomBytes, now: Date.now }
    const jobWorks = composeJobWorks({ ...parts, quotas: this.#quotas })
    this.#jobWorks = jobWorks
    const { node: _, ...others } = parts
    this.#background = startBackground({
      ...others,
      ...(node === undefined ? {} : { node }),
      queue: openTaskQueue(config.tasks, {
        onFailure: (cause) => log.error('task queue', { cause }),
      }),
      works: jobWorks.works,
      moreJobs: keeping,
      options: {
        staleUploadMs: config.staleUploadAgeMs,
        keepOrphansMs: config.keepOrphansMs,
        scrubBytesPerSecond,
        taskConcurrency: config.taskConcurrency,
      },
    })
  }

  async processLeft(left: string, living: ReadonlySet<string>): Promise<void> {
    const { metadata, engines, log } = this.#parts
    for (const engine of engines) report(await engine.recover(living), log)
    await metadata.owners.end(left)
    await clearOwner(metadata, left)
  }

  async check(signal = noSignal): Promise<Readiness['details']> {
    const { metadata, engines, loss } = this.#parts
    if (loss.hasHappened) return { backgroundWork: 'rests until the server is started again' }
    // A disk that is full or read-only is well: reads are served, and writes are told so.
    await Promise.all(engines.map((engine) => engine.check({ signal })))
    return { orphanedChunks: await metadata.orphans.count() }
  }

  /** What waits for the engines is not waited for. */
  #rest(): void {
    void this.#background?.stop()
    for (const job of this.#upkeep) void job.stop()
  }

  async close(): Promise<void> {
    if (this.#parts.loss.hasHappened) return
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
export async function unlessFull(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (cause) {
    if (!(cause instanceof MetadataFull)) throw cause
  }
}

function report(findings: readonly Finding[], log: Log): void {
  for (const { what, details } of findings) log.error(what, details)
}
