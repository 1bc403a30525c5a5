// The embedded engine of `MetadataStore`: one LMDB environment, opened by every process of a server.
// Here is only how it is put together and opened; each noun has its own file.
import { pooledRandom } from '../../protocol/chunks/pooled-random.ts'
import type { LineageStore } from '../lineage-store.ts'
import { MetadataFull } from '../metadata-full.ts'
import type { MetadataStore, VerbLimits } from '../metadata-store.ts'
import { storeWithin } from '../within.ts'
import { lmdbBucketConfigs } from './bucket-configs.ts'
import { lmdbBuckets, type Random } from './buckets.ts'
import { lmdbBundles } from './bundles.ts'
import { lmdbChunks } from './chunk-catalog.ts'
import { lmdbIdentities } from './identities.ts'
import { lmdbJobs } from './jobs.ts'
import { checkLayoutFormat } from './layout-format.ts'
import { lmdbLeases } from './leases.ts'
import { lmdbLineage } from './lineage.ts'
import { LmdbEnvironment } from './lmdb-environment.ts'
import { lmdbManifests } from './manifests.ts'
import { lmdbObjects } from './objects.ts'
import { lmdbOrphans } from './orphans.ts'
import { lmdbOutbox } from './outbox.ts'
import { lmdbOwners } from './owners.ts'
import { lmdbTenants } from './tenants.ts'
import { lmdbUploads } from './uploads.ts'
import { lmdbUsage } from './usage.ts'
import type { DiskState } from './write-fence.ts'

export type LmdbMetadataOptions = {
  /** A directory, made if need be. */
  readonly path: string
  /** Bytes for ids that nobody can guess. */
  readonly random: Random
  /**
   * `primary`: the first process of a server, opened while no other process of this data directory
   * runs. It purges tombstones, which nobody can need any more, and brings an older layout forward.
   * `worker`: all others.
   */
  readonly role: 'primary' | 'worker'
  /** By which owners and claims last, in milliseconds. Default: this machine's clock. */
  readonly nowMs?: () => number
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
  readonly identities: MetadataStore['identities']
  readonly buckets: MetadataStore['buckets']
  readonly bucketConfigs: MetadataStore['bucketConfigs']
  readonly objects: MetadataStore['objects']
  readonly uploads: MetadataStore['uploads']
  readonly chunks: MetadataStore['chunks']
  readonly orphans: MetadataStore['orphans']
  readonly outbox: MetadataStore['outbox']
  readonly owners: MetadataStore['owners']
  readonly leases: MetadataStore['leases']
  readonly manifests: MetadataStore['manifests']
  readonly bundles: MetadataStore['bundles']
  readonly jobs: MetadataStore['jobs']
  readonly usage: MetadataStore['usage']
  readonly lineage: LineageStore
  readonly #env: LmdbEnvironment

  private constructor(env: LmdbEnvironment, random: Random, nowMs: () => number) {
    this.#env = env
    this.tenants = lmdbTenants(env)
    this.identities = lmdbIdentities(env)
    this.buckets = lmdbBuckets(env, random)
    this.bucketConfigs = lmdbBucketConfigs(env)
    this.objects = lmdbObjects(env, random)
    this.uploads = lmdbUploads(env, random)
    this.chunks = lmdbChunks(env)
    this.orphans = lmdbOrphans(env)
    this.outbox = lmdbOutbox(env, nowMs)
    this.owners = lmdbOwners(env, nowMs)
    this.leases = lmdbLeases(env)
    this.manifests = lmdbManifests(env)
    this.bundles = lmdbBundles(env)
    this.jobs = lmdbJobs(env)
    this.usage = lmdbUsage(env)
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
    }
    return new LmdbMetadataStore(env, pooledRandom(options.random), options.nowMs ?? Date.now)
  }

  /** Rejects while commits fail; writes only when the last one did. */
  checkWritable(): Promise<void> {
    return this.#env.checkWritable()
  }

  /** A copy of one moment, for a backup. The server may go on meanwhile. Durable when it resolves. */
  copyTo(directory: string): Promise<void> {
    return this.#env.copyTo(directory)
  }

  within(limits: VerbLimits): MetadataStore {
    return storeWithin(this, limits)
  }

  /** Waits for writes under way. */
  close(): Promise<void> {
    return this.#env.close()
  }
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
