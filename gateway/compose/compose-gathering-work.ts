// Puts the work of gathering for bundles together, out of ports that somebody else has opened: for the
// process that does background work.

import { makeFindTenantKeys } from '../access/keys/find-tenant-keys.ts'
import type { RepeatingJob } from '../background/repeating.ts'
import {
  openGatherer,
  type SourceSettings,
  sourceRules,
} from '../bundles/external/gather-sources.ts'
import type { SourceRules } from '../bundles/external/read-source.ts'
import { gatheringWork } from '../bundles/gathering/gathering-worker.ts'
import { ZipService } from '../zip/zip-service.ts'
import { backgroundIngest } from './background-ingest.ts'
import type { GatewayDeps } from './compose-gateway.ts'

export type GatheringWork = {
  readonly jobs: readonly RepeatingJob[]
  /** To be called when no job is under way. */
  close(): Promise<void>
}

export type GatheringWorkDeps = Omit<GatewayDeps, 'config'> & {
  readonly config: SourceSettings
  /** In place of those that follow from the setting. */
  readonly rules?: SourceRules
}

const tenantsMax = 100

export function composeGatheringWork(deps: GatheringWorkDeps): GatheringWork {
  const { metadata, blobs, masterKey, random, now, log } = deps
  const findKeys = makeFindTenantKeys({ metadata, masterKey, tenantsMax, now })
  const { ingest, close } = backgroundIngest(deps, 'gathering for a bundle left something behind')
  const clock = () => performance.now()
  const rules = deps.rules ?? sourceRules(deps.config)
  const jobs = gatheringWork({
    metadata,
    zip: new ZipService({ metadata, blobs, random, now, clock }),
    gatherer: openGatherer({ rules, spool: { metadata, ingest, now } }),
    keysOfTenant: async (tenantId) => findKeys(tenantId),
    random,
    now,
    clock,
    log,
  })
  return { jobs, close }
}
