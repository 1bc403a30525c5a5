// The embedded engine of `MetadataStore`: one LMDB environment, opened by every process of a server.
// Here is only how it is put together and opened; each noun has its own file.
import type { LineageStore } from '../lineage-store.ts'
import { MetadataFull } from '../metadata-full.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { lmdbBuckets, type Random } from './buckets.ts'
import { lmdbBundles } from './bundles.ts'
import { lmdbChunks } from './chunk-catalog.ts'
import { endClaims } from './job-rows.ts'
import { lmdbJobs } from './jobs.ts'
import { checkLayoutFormat } from './layout-format.ts'
import { leasesOf, letLeaseGo } from './lease-rows.ts'
import { lmdbLeases } from './leases.ts'
import { lmdbLineage } from './lineage.ts'
import { LmdbEnvironment, type Tables } from './lmdb-environment.ts'
import { lmdbManifests } from './manifests.ts'
import { lmdbObjects } from './objects.ts'
import { lmdbOrphans } from './orphans.ts'
import { lmdbOutbox } from './outbox.ts'
import { pooled } from './random-pool.ts'
import { lmdbTenants } from './tenants.ts'
import { lmdbUploads } from './uploads.ts'
import type { DiskState } from './write-fence.ts'

export type LmdbMetadataOptions = {
  /** A directory, made if need be. */
  readonly path: string
  /** Bytes for ids that nobody can guess. */
  readonly random: Random
  /**
   * `primary`: the first process of a server, opened while no other process of this data directory
   * runs. It purges tombstones and ends the leases of reads and the claims of jobs, which nobody can need
   * any more, and brings an older layout forward. `worker`: all others.
   */
  readonly role: 'primary' | 'worker'
  /**
   * Called once when this process can no longer write, and some writes may never be answered: it is
   * to end and to be started anew.
   */
  readonly onUnusable?: (cause: unknown, disk: DiskState) => void
}

const everyBlob = { start: Buffer.alloc(38), end: Buffer.alloc(39, 0xff) }
const purgedAtOnce = 10_000

export class LmdbMetadataStore implements MetadataStore {
  readonly tenants: MetadataStore['tenants']
  readonly buckets: MetadataStore['buckets']
  readonly objects: MetadataStore['objects']
  readonly uploads: MetadataStore['uploads']
  readonly chunks: MetadataStore['chunks']
  readonly orphans: MetadataStore['orphans']
  readonly outbox: MetadataStore['outbox']
  readonly leases: MetadataStore['leases']
  readonly manifests: MetadataStore['manifests']
  readonly bundles: MetadataStore['bundles']
  readonly jobs: MetadataStore['jobs']
  readonly lineage: LineageStore
  readonly #env: LmdbEnvironment

  private constructor(env: LmdbEnvironment, random: Random) {
    this.#env = env
    this.tenants = lmdbTenants(env)
    this.buckets = lmdbBuckets(env, random)
    this.objects = lmdbObjects(env, random)
    this.uploads = lmdbUploads(env, random)
    this.chunks = lmdbChunks(env)
    this.orphans = lmdbOrphans(env)
    this.outbox = lmdbOutbox(env)
    this.leases = lmdbLeases(env)
    this.manifests = lmdbManifests(env)
    this.bundles = lmdbBundles(env)
    this.jobs = lmdbJobs(env)
    this.lineage = lmdbLineage(env)
  }

  static async open(options: LmdbMetadataOptions): Promise<LmdbMetadataStore> {
    const env = await LmdbEnvironment.open(options)
    try {
      await checkLayoutFormat(env, options.role)
    } catch (cause) {
      await env.close()
      throw cause
    }
    if (options.role === 'primary') {
      await purgeTombstones(env).catch(laterIfFull)
      await endReads(env).catch(laterIfFull)
      await endClaims(env).catch(laterIfFull)
    }
    return new LmdbMetadataStore(env, pooled(options.random))
  }

  /** Rejects while commits fail; writes only when the last one did. */
  checkWritable(): Promise<void> {
    return this.#env.checkWritable()
  }

  /** A copy of one moment, for a backup. The server may go on meanwhile. Durable when it resolves. */
  copyTo(directory: string): Promise<void> {
    return this.#env.copyTo(directory)
  }

  /** Waits for writes under way. */
  close(): Promise<void> {
    return this.#env.close()
  }
}

/** The processes whose reads they are have ended. */
async function endReads(env: LmdbEnvironment): Promise<void> {
  const reads = (tables: Tables) => leasesOf(tables).filter(({ purpose }) => purpose === 'read')
  if (env.read(reads).length === 0) return
  await env.write((tables) => {
    for (const { leaseId } of reads(tables)) letLeaseGo(tables, leaseId)
  })
}

/** Tombstones that stay do no harm: the next start purges them. */
function laterIfFull(cause: unknown): void {
  if (!(cause instanceof MetadataFull)) throw cause
}

async function purgeTombstones(env: LmdbEnvironment): Promise<void> {
  for (;;) {
    const keys: Buffer[] = []
    env.read(({ tombstones }) => {
      for (const row of tombstones.rows(everyBlob)) {
        keys.push(row.key)
        if (keys.length === purgedAtOnce) break
      }
    })
    if (keys.length === 0) return
    await env.write(({ tombstones }) => {
      for (const key of keys) tombstones.remove(key)
    })
  }
}
