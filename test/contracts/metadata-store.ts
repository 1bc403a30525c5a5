import { bucketConfigsContract } from './metadata-bucket-configs.ts'
import { bucketsContract } from './metadata-buckets.ts'
import { bundlesContract } from './metadata-bundles.ts'
import { chunksContract } from './metadata-chunks.ts'
import { claimsContract } from './metadata-claims.ts'
import { completionsContract } from './metadata-completions.ts'
import { conditionsContract } from './metadata-conditions.ts'
import type { OpenStore } from './metadata-fixture.ts'
import { freezeContract } from './metadata-freeze.ts'
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
import { repeatsContract } from './metadata-repeats.ts'
import { tenantsContract } from './metadata-tenants.ts'
import { uploadsContract } from './metadata-uploads.ts'
import { versionsContract } from './metadata-versions.ts'
import { withinContract } from './metadata-within.ts'

export function metadataStoreContract(name: string, open: OpenStore): void {
  tenantsContract(name, open)
  bucketsContract(name, open)
  bucketConfigsContract(name, open)
  objectsContract(name, open)
  conditionsContract(name, open)
  versionsContract(name, open)
  listingsContract(name, open)
  uploadsContract(name, open)
  completionsContract(name, open)
  repeatsContract(name, open)
  chunksContract(name, open)
  orphansContract(name, open)
  outboxContract(name, open)
  claimsContract(name, open)
  ownersContract(name, open)
  leasesContract(name, open)
  leaseChangesContract(name, open)
  freezeContract(name, open)
  manifestsContract(name, open)
  bundlesContract(name, open)
  jobsContract(name, open)
  withinContract(name, open)
  randomHistoryContract(name, open)
  randomLeasesContract(name, open)
}
