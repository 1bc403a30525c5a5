// The engine of `MetadataStore` on MongoDB, a replica set or a sharded cluster. Here is only how it is put
// together; each noun has its own file.
import { pooledRandom } from '../../protocol/chunks/pooled-random.ts'
import type { LineageStore } from '../lineage-store.ts'
import type { MetadataStore, VerbLimits } from '../metadata-store.ts'
import { mongoBucketConfigs } from './bucket-configs.ts'
import { mongoBuckets } from './buckets.ts'
import { mongoBundles } from './bundles.ts'
import { mongoChunks } from './chunk-catalog.ts'
import { mongoIdentities } from './identities.ts'
import { mongoJobs } from './jobs.ts'
import { mongoLeases } from './leases.ts'
import { mongoLineage } from './lineage.ts'
import { mongoManifests } from './manifests.ts'
import { connectMongo, type MongoAddress } from './mongo-connection.ts'
import { MongoDatabase } from './mongo-database.ts'
import { mongoObjects } from './objects.ts'
import { mongoOrphans } from './orphans.ts'
import { mongoOutbox } from './outbox.ts'
import { mongoOwners } from './owners.ts'
import { checkSchema } from './schema-version.ts'
import { ServerClock } from './server-clock.ts'
import type { Random, Shared } from './shared.ts'
import { mongoTenants } from './tenants.ts'
import { mongoUploads } from './uploads.ts'
import { mongoUsage } from './usage.ts'
import { mongoWithin } from './within.ts'

export type MongoMetadataOptions = MongoAddress & {
  readonly random: Random
  /** Default: this machine's clock. */
  readonly nowMs?: () => number
  /** How long a verb may try, in milliseconds. */
  readonly verbMs?: number
}

export class MongoMetadataStore implements MetadataStore {
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
  /** For what looks after the database itself. */
  readonly database: MongoDatabase

  private constructor(shared: Shared) {
    this.database = shared.db
    this.tenants = mongoTenants(shared)
    this.identities = mongoIdentities(shared)
    this.buckets = mongoBuckets(shared)
    this.bucketConfigs = mongoBucketConfigs(shared)
    this.objects = mongoObjects(shared)
    this.uploads = mongoUploads(shared)
    this.chunks = mongoChunks(shared)
    this.orphans = mongoOrphans(shared)
    this.outbox = mongoOutbox(shared)
    this.owners = mongoOwners(shared)
    this.leases = mongoLeases(shared)
    this.manifests = mongoManifests(shared)
    this.bundles = mongoBundles(shared)
    this.jobs = mongoJobs(shared)
    this.usage = mongoUsage(shared)
    this.lineage = mongoLineage(shared)
  }

  /** Throws `MongoAddressRefused`, `StoreRefused` for what is not made yet, and `StoreUnavailable`. */
  static async open(options: MongoMetadataOptions): Promise<MongoMetadataStore> {
    const { random, nowMs = Date.now, verbMs } = options
    const { client, name } = await connectMongo(options)
    const db = new MongoDatabase({ client, name, ...(verbMs === undefined ? {} : { verbMs }) })
    try {
      await checkSchema(db)
    } catch (cause) {
      await db.close()
      throw cause
    }
    const clock = new ServerClock(db, nowMs)
    return new MongoMetadataStore({ db, clock, random: pooledRandom(random) })
  }

  within(limits: VerbLimits): MetadataStore {
    return mongoWithin(this, limits)
  }

  close(): Promise<void> {
    return this.database.close()
  }
}
