// Which rows lie where. Ids are raw bytes in keys: a bucket id 8, row, upload and list ids 16.
// `escaped` is a key with its NULs escaped and a terminator behind it, `filler` are zeros that make short
// keys long enough for the engine (`row-keys.ts`, `row-bounds.ts`). New tables go to the end: notes of a
// layout that is being brought forward name them by their place here.

export const tableNames = [
  /** tenant id → Tenant */
  'tenants',
  /** access key id → AccessKey */
  'accessKeys',
  /** namespace, bucket name → Bucket */
  'buckets',
  /** tenant, namespace, bucket name → nothing: whose they are */
  'bucketsOfTenants',
  /** bucket, kind → revision, document */
  'bucketConfigs',
  /** bucket, raw key → as `objects`: where layouts up to 6 had them. Empty since. */
  'listing',
  /** bucket, escaped key, row id → head: all versions that are not current, and delete markers. */
  'versions',
  /**
   * row id, its time counted forwards → content of a version, wherever its head is. By time, so that
   * commits append to one place instead of spreading large rows over the whole tree.
   */
  'contents',
  /** bucket, raw key → as `nullVersions`: where layouts up to 6 had them. Empty since. */
  'nulls',
  /** As `versions`: heads of versions removed and not yet released. Their contents are still there. */
  'graveyard',
  /** bucket, escaped key, upload id → Upload */
  'uploads',
  /** upload id → key of its row in `uploads`. Upload ids sort by initiation. */
  'uploadTimes',
  /** upload id, part number → Part. They stay when the upload completes, and the version refers to them. */
  'parts',
  /** upload id → Completion */
  'completions',
  /** list id, plaintext offset (8 bytes) → chunk references */
  'lists',
  /** list id → owner and tenant, of lists that no version or part has taken over */
  'listOwners',
  /** owner (its length first), list id → nothing: the same lists by their owners */
  'listsOfOwners',
  /** owner → until when he lives, or that he has ended */
  'owners',
  /** chunk id → generation, reference count, tenant */
  'chunks',
  /** chunk id, generation → nothing: condemned, can no longer be claimed */
  'tombstones',
  /** chunk id, generation → since when it is set aside, and when it was met last */
  'orphans',
  /** kind and tenant (their lengths first), when it is due (8 bytes), seq (8 bytes) → a task */
  'tasks',
  /** As `tasks`: those that are handed out no more */
  'buriedTasks',
  /** Tasks of layout 2 by seq (8 bytes), a table for each kind, and one for broken releases. Empty. */
  'releases',
  'brokenReleases',
  'deletions',
  /** time (6 bytes), ten bytes → what a commit of that id has answered, where no other row tells */
  'commits',
  /** lease id → Lease */
  'leases',
  /** number of a life (8 bytes) → lease id */
  'leaseLives',
  /**
   * kind (a byte), bucket, escaped prefix or key, terminator, since when inverted (8 bytes), number of
   * the life that covers it (8 bytes), row id if it covers but one version → nothing
   */
  'leaseScopes',
  /** number of a life (8 bytes), key in `leaseScopes` → nothing */
  'leaseScopesOf',
  /** file of a lease (8 bytes), seq (8 bytes) → key in `graveyard`, tenant, numbers of birth and burial */
  'heldReleases',
  /** manifest id → what it comes to, and its state */
  'manifests',
  /** tenant, digest of the scope, time inverted (8 bytes), manifest id → nothing: sealed ones */
  'manifestScopes',
  /** manifest id, offset in the archive (8 bytes) → page */
  'manifestPages',
  /** manifest id, offset in the central directory (8 bytes) → offset in the archive */
  'manifestPlaces',
  /** bundle id → Bundle */
  'bundles',
  /** tenant, bundle id → nothing */
  'bundlesOfTenants',
  /** kind, tenant, job id → Job */
  'jobs',
  /** kind, tenant, time of creation inverted (8 bytes), job id → nothing */
  'jobTimes',
  /** lane, due time (8 bytes), key in `jobs` → nothing */
  'jobDues',
  /** lane, tenant, due time (8 bytes), key in `jobs` → nothing */
  'jobTurns',
  /** owner (its length first), key in `jobs` → nothing: those that he has claimed */
  'jobClaims',
  /** a few single rows: the layout's format, the lineage, the task sequence, the tally of leases, the running time */
  'meta',
  /**
   * bucket, filler, raw key → row id, head: the current objects, and they alone, so that a listing never
   * walks over delete markers. What is here is in no other table and newer than all in `versions`.
   */
  'objects',
  /**
   * bucket, filler, raw key → row id of the null version, when a suspended bucket wrote it. A null
   * version from before versioning has no row here: it is the oldest of its key.
   */
  'nullVersions',
  /** Of layouts before, and empty in this one (`migrate-jobs.ts`). */
  'bundleGatherings',
  'archiveJobs',
  'archiveJobTimes',
  'archiveJobStates',
  /** tenant, filler, kind and NUL, name → a document of a user, group, role, policy and the like; and a tenant's revision */
  'identities',
  /** name → tenant id */
  'tenantNames',
  /** tenant, access key id → nothing */
  'keysOfTenants',
  /** filler, access key id → what it was used for last */
  'keyUses',
  /** tenant, bucket → what is in the bucket, in numbers */
  'usage',
] as const

export type TableName = (typeof tableNames)[number]
