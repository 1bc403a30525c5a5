// Puts the work of archive jobs together, out of ports that somebody else has opened: for the process
// that does background work, which may serve no requests and has no gateway of its own.
import { loadChecksums } from '../protocol/s3/checksums/streaming-digest.ts'
import { archiveWork } from './archives/archive-worker.ts'
import type { GatewayParts } from './compose.ts'
import { TenantKeyring } from './keys/tenant-keyring.ts'
import { HashPool } from './objects/hash-pool.ts'
import { Ingest } from './objects/ingest.ts'
import { IngestBudget } from './objects/ingest-budget.ts'
import type { RepeatingJob } from './workers/repeating.ts'
import { ZipService } from './zip/zip-service.ts'

export type ArchiveWork = {
  readonly jobs: readonly RepeatingJob[]
  /** To be called when no job is under way. */
  close(): Promise<void>
}

const tenantsMax = 100
const hashThreads = 1
/** Chunks that fill or are on their way, of all jobs together. */
const buffersMax = 16

export function composeArchiveWork(parts: Omit<GatewayParts, 'config'>): ArchiveWork {
  const { metadata, blobs, masterKey, random, now, log } = parts
  const keyring = new TenantKeyring({ master: masterKey, tenantsMax })
  const hashPool = new HashPool({ threadsMax: hashThreads })
  const clock = () => performance.now()
  const makeIngest = async () =>
    new Ingest({
      chunks: metadata.chunks,
      blobs,
      budget: new IngestBudget({ buffersMax, nowMs: now }),
      hashPool,
      checksums: await loadChecksums(),
      random,
      owner: parts.processId,
      nowMs: now,
      onLeftover: (cause) => log('an archive job left something behind', { cause }),
    })
  let ingest: Promise<Ingest> | undefined
  const jobs = archiveWork({
    metadata,
    zip: new ZipService({ metadata, blobs, random, now, clock }),
    // The first job needs it, and most servers never have one.
    ingest: () => {
      ingest ??= makeIngest()
      return ingest
    },
    keysOfTenant: async (tenantId) => {
      const tenant = await metadata.tenants.get(tenantId)
      return tenant && keyring.keysOf(tenant)
    },
    random,
    now,
    clock,
    log,
  })
  return { jobs, close: () => hashPool.close() }
}
