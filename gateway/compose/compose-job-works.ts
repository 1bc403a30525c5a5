// Puts together what jobs are done here, out of ports that somebody else has opened: for the process that does
// background work, which may serve no requests and has no gateway of its own.
import type { TenantId } from '../../metadata/records.ts'
import { TenantKeyring } from '../access/keys/tenant-keyring.ts'
import { archiveWork } from '../archive-jobs/archive-work.ts'
import type { JobWorks } from '../background/job-work.ts'
import {
  openGatherer,
  type SourceSettings,
  sourceRules,
} from '../bundles/external/gather-sources.ts'
import type { SourceRules } from '../bundles/external/read-source.ts'
import { gatheringWork } from '../bundles/gathering/gathering-work.ts'
import { ZipService } from '../zip/zip-service.ts'
import { backgroundIngest } from './background-ingest.ts'
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
  const { metadata, blobs, masterKey, random, now } = deps
  const { rules = sourceRules(deps.config) } = deps
  const keyring = new TenantKeyring({ master: masterKey, tenantsMax })
  const { ingest, close } = backgroundIngest(deps, 'a job left something behind')
  const clock = () => performance.now()
  const parts = {
    metadata,
    zip: new ZipService({ metadata, blobs, random, now, clock }),
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
  }
  return { works, close }
}
