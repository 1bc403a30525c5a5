// Puts the work of archive jobs together, out of ports that somebody else has opened: for the process
// that does background work, which may serve no requests and has no gateway of its own.

import { makeFindTenantKeys } from '../access/keys/find-tenant-keys.ts'
import { archiveWork } from '../archive-jobs/archive-worker.ts'
import type { RepeatingJob } from '../background/repeating.ts'
import { ZipService } from '../zip/zip-service.ts'
import { backgroundIngest } from './background-ingest.ts'
import type { GatewayDeps } from './compose-gateway.ts'

export type ArchiveWork = {
  readonly jobs: readonly RepeatingJob[]
  /** To be called when no job is under way. */
  close(): Promise<void>
}

const tenantsMax = 100

export function composeArchiveWork(parts: Omit<GatewayDeps, 'config'>): ArchiveWork {
  const { metadata, blobs, masterKey, random, now, log } = parts
  const findKeys = makeFindTenantKeys({ metadata, masterKey, tenantsMax, now })
  const { ingest, close } = backgroundIngest(parts, 'an archive job left something behind')
  const clock = () => performance.now()
  const jobs = archiveWork({
    metadata,
    zip: new ZipService({ metadata, blobs, random, now, clock }),
    ingest,
    keysOfTenant: async (tenantId) => findKeys(tenantId),
    random,
    now,
    clock,
    log,
  })
  return { jobs, close }
}
