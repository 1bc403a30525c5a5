// Puts together what jobs are done here, out of ports that somebody else has opened: for the process that does
// background work, which may serve no requests and has no gateway of its own.
import type { TenantId } from '../../metadata/records.ts'
import { loadChecksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { makeRecallAsker } from '../access/asked-by.ts'
import { TenantKeyring } from '../access/keys/tenant-keyring.ts'
import { openAccounts } from '../access/open-accounts.ts'
import { tenantRemovalWork } from '../admin/tenants/tenant-removal-job.ts'
import { archiveWork } from '../archive-jobs/archive-work.ts'
import type { JobWorks } from '../background/job-work.ts'
import {
  openGatherer,
  type SourceSettings,
  sourceRules,
} from '../bundles/external/gather-sources.ts'
import type { SourceRules } from '../bundles/external/read-source.ts'
import { gatheringWork } from '../bundles/gathering/gathering-work.ts'
import { HashPool } from '../data/digests/hash-pool.ts'
import { Ingest } from '../data/write/ingest.ts'
import { IngestBudget } from '../data/write/ingest-budget.ts'
import { keepQuotas } from '../quota/keep-quotas.ts'
import { Quotas } from '../quota/quotas.ts'
import { ZipService } from '../zip/zip-service.ts'
import type { GatewayDeps } from './compose-gateway.ts'

export type ComposedWorks = {
  readonly works: JobWorks
  /** To be called when no job is under way. */
  close(): Promise<void>
}

export type JobWorksDeps = Omit<GatewayDeps, 'config'> & {
  readonly config: SourceSettings
  /** Of sources elsewhere, in place of those that follow from the settings. */
  readonly rules?: SourceRules
}

const tenantsMax = 100

export function composeJobWorks(deps: JobWorksDeps): ComposedWorks {
  const { blobs, masterKey, random, now } = deps
  const clock = () => performance.now()
  const { quotas = new Quotas({ metadata: deps.metadata, clock }) } = deps
  const metadata = keepQuotas(deps.metadata, quotas)
  const { rules = sourceRules(deps.config) } = deps
  const keyring = new TenantKeyring({ master: masterKey, tenantsMax })
  const { ingest, close } = backgroundIngest(deps, 'a job left something behind')
  const parts = {
    metadata,
    zip: new ZipService({ metadata, blobs, random, now, clock }),
    recallAsker: makeRecallAsker({ metadata, authorize: openAccounts(metadata).authorize, now }),
    keysOfTenant: async (tenantId: TenantId) => {
      const tenant = await metadata.tenants.get(tenantId)
      return tenant && keyring.keysOf(tenant)
    },
    ...{ random, now, clock },
  }
  const gatherer = openGatherer({ rules, spool: { metadata, ingest, now } })
  const works = {
    archive: archiveWork({ ...parts, ingest }),
    gathering: gatheringWork({ ...parts, gatherer }),
    tenantRemoval: tenantRemovalWork(parts),
  }
  return { works, close }
}

type BackgroundIngest = {
  readonly ingest: () => Promise<Ingest>
  /** To be called when nothing is taken in any more. */
  close(): Promise<void>
}

const hashThreads = 1
/** Chunks that fill or are on their way. */
const buffersMax = 16

/**
 * For work that takes bytes in: a process that serves no requests has no `Ingest` of its own. It is made when
 * it is asked for first, since most servers never need one.
 */
function backgroundIngest(
  parts: Omit<GatewayDeps, 'config'>,
  leftBehind: string,
): BackgroundIngest {
  const { metadata, blobs, random, now, log } = parts
  const hashPool = new HashPool({ threadsMax: hashThreads })
  const make = async () =>
    new Ingest({
      chunks: metadata.chunks,
      blobs,
      budget: new IngestBudget({ buffersMax, nowMs: now }),
      hashPool,
      checksums: await loadChecksums(),
      random,
      owner: parts.owner,
      nowMs: now,
      onLeftover: (cause) => log.warn(leftBehind, { cause }),
    })
  let made: Promise<Ingest> | undefined
  return {
    ingest: () => {
      made ??= make()
      return made
    },
    close: () => hashPool.close(),
  }
}
