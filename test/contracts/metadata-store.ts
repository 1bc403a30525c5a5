import { aclsContract } from './metadata-acls.ts'
import { bucketConfigsContract } from './metadata-bucket-configs.ts'
import { bucketsContract } from './metadata-buckets.ts'
import { bundlesContract } from './metadata-bundles.ts'
import { chunksContract } from './metadata-chunks.ts'
import { claimsContract } from './metadata-claims.ts'
import { completionsContract } from './metadata-completions.ts'
import { conditionsContract } from './metadata-conditions.ts'
import type { OpenStore } from './metadata-fixture.ts'
import { freezeContract } from './metadata-freeze.ts'
import { identitiesContract } from './metadata-identities.ts'
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
import { usageContract } from './metadata-usage.ts'
import { randomUsageContract } from './metadata-usage-random.ts'
import { versionsContract } from './metadata-versions.ts'
import { withinContract } from './metadata-within.ts'

type Contract = (name: string, open: OpenStore) => void

/** In parts, for an engine for which all of it takes too long for one file of tests. */
export const metadataStoreParts = {
  objects: [
    ...[tenantsContract, identitiesContract, bucketsContract, bucketConfigsContract],
    objectsContract,
    ...[conditionsContract, versionsContract, listingsContract, withinContract],
    ...[aclsContract, randomHistoryContract],
  ],
  uploads: [uploadsContract, completionsContract, repeatsContract],
  work: [
    ...[chunksContract, orphansContract, outboxContract, claimsContract, ownersContract],
    jobsContract,
  ],
  leases: [leasesContract, leaseChangesContract, freezeContract],
  randomLeases: [randomLeasesContract],
  archives: [manifestsContract, bundlesContract],
  usage: [usageContract, randomUsageContract],
} as const satisfies Readonly<Record<string, readonly Contract[]>>

export function metadataStoreContract(name: string, open: OpenStore): void {
  for (const part of Object.values(metadataStoreParts)) {
    for (const contract of part) contract(name, open)
  }
}
