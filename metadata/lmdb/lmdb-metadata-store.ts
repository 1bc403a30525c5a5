// The embedded engine of `MetadataStore`: one LMDB environment, opened by every process of a server.
// Here is only how it is put together and opened; each noun has its own file.
import assert from 'node:assert'
import { decodeRecord, encodeRecord } from '../codec/record-frame.ts'
import { MetadataFull } from '../metadata-full.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { lmdbArchiveJobs } from './archive-jobs.ts'
import { lmdbBuckets, type Random } from './buckets.ts'
import { lmdbBundles } from './bundles.ts'
import { lmdbChunks } from './chunk-catalog.ts'
import { lmdbLeases } from './leases.ts'
import { LmdbEnvironment } from './lmdb-environment.ts'
import { lmdbManifests } from './manifests.ts'
import { lmdbObjects } from './objects.ts'
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
   * runs. It purges tombstones, which no upload under way can need any more. `worker`: all others.
   */
  readonly role: 'primary' | 'worker'
  /**
   * Called once when this process can no longer write, and some writes may never be answered: it is
   * to end and to be started anew.
   */
  readonly onUnusable?: (cause: unknown, disk: DiskState) => void
}

const layoutFormat = 1
const formatKey = Buffer.from('format')
const everyBlob = { start: Buffer.alloc(38), end: Buffer.alloc(39, 0xff) }
const purgedAtOnce = 10_000

export class LmdbMetadataStore implements MetadataStore {
  readonly tenants: MetadataStore['tenants']
  readonly buckets: MetadataStore['buckets']
  readonly objects: MetadataStore['objects']
  readonly uploads: MetadataStore['uploads']
  readonly chunks: MetadataStore['chunks']
  readonly outbox: MetadataStore['outbox']
  readonly leases: MetadataStore['leases']
  readonly manifests: MetadataStore['manifests']
  readonly bundles: MetadataStore['bundles']
  readonly archiveJobs: MetadataStore['archiveJobs']
  readonly #env: LmdbEnvironment

  private constructor(env: LmdbEnvironment, random: Random) {
    this.#env = env
    this.tenants = lmdbTenants(env)
    this.buckets = lmdbBuckets(env, random)
    this.objects = lmdbObjects(env, random)
    this.uploads = lmdbUploads(env, random)
    this.chunks = lmdbChunks(env)
    this.outbox = lmdbOutbox(env)
    this.leases = lmdbLeases(env)
    this.manifests = lmdbManifests(env)
    this.bundles = lmdbBundles(env)
    this.archiveJobs = lmdbArchiveJobs(env)
  }

  static async open(options: LmdbMetadataOptions): Promise<LmdbMetadataStore> {
    const env = await LmdbEnvironment.open(options)
    await checkFormat(env)
    if (options.role === 'primary') await purgeTombstones(env).catch(laterIfFull)
    return new LmdbMetadataStore(env, pooled(options.random))
  }

  /** Rejects while commits fail; writes only when the last one did. */
  checkWritable(): Promise<void> {
    return this.#env.checkWritable()
  }

  /** Waits for writes under way. */
  close(): Promise<void> {
    return this.#env.close()
  }
}

/** Refuses a directory that a newer program has laid out. */
async function checkFormat(env: LmdbEnvironment): Promise<void> {
  const noted = env.read(({ meta }) => meta.get(formatKey))
  if (noted === undefined) {
    await env.write(({ meta }) => meta.put(formatKey, encodeRecord(1, [layoutFormat])))
    return
  }
  const [format] = decodeRecord('layout', noted)
  assert(format === layoutFormat, `metadata of format ${String(format)}, not ${layoutFormat}`)
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
