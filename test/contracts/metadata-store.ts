// The contract of `MetadataStore`, for whatever engine: each noun's suite is in a file of its own.
// An engine joins with one short file that says how to open it (`test/metadata/lmdb.test.ts`).
import { bucketsContract } from './metadata-buckets.ts'
import { bundlesContract } from './metadata-bundles.ts'
import { chunksContract } from './metadata-chunks.ts'
import { claimsContract } from './metadata-claims.ts'
import { conditionsContract } from './metadata-conditions.ts'
import type { OpenStore } from './metadata-fixture.ts'
import { jobsContract } from './metadata-jobs.ts'
import { leaseChangesContract } from './metadata-lease-changes.ts'
import { leasesContract } from './metadata-leases.ts'
import { randomLeasesContract } from './metadata-leases-random.ts'
import { listingsContract } from './metadata-listings.ts'
import { manifestsContract } from './metadata-manifests.ts'
import { objectsContract } from './metadata-objects.ts'
import { orphansContract } from './metadata-orphans.ts'
import { outboxContract } from './metadata-outbox.ts'
import { ownersContract } from './metadata-owners.ts'
import { randomHistoryContract } from './metadata-random.ts'
import { tenantsContract } from './metadata-tenants.ts'
import { uploadsContract } from './metadata-uploads.ts'
import { versionsContract } from './metadata-versions.ts'

export function metadataStoreContract(name: string, open: OpenStore): void {
  tenantsContract(name, open)
  bucketsContract(name, open)
  objectsContract(name, open)
  conditionsContract(name, open)
  versionsContract(name, open)
  listingsContract(name, open)
  uploadsContract(name, open)
  chunksContract(name, open)
  orphansContract(name, open)
  outboxContract(name, open)
  claimsContract(name, open)
  ownersContract(name, open)
  leasesContract(name, open)
  leaseChangesContract(name, open)
  manifestsContract(name, open)
  bundlesContract(name, open)
  jobsContract(name, open)
  randomHistoryContract(name, open)
  randomLeasesContract(name, open)
}
