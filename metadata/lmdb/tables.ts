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
  /** bucket, raw key → as `objects`: where layouts up to 4 had them. Empty since. */
  'listing',
  /** bucket, escaped key, row id → head: all versions that are not current, and delete markers. */
  'versions',
  /**
   * row id, its time counted forwards → content of a version, wherever its head is. By time, so that
   * commits append to one place instead of spreading large rows over the whole tree.
   */
  'contents',
  /** bucket, raw key → as `nullVersions`: where layouts up to 4 had them. Empty since. */
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
  /** chunk id → generation, reference count, tenant */
  'chunks',
  /** chunk id, generation → nothing: condemned, can no longer be claimed */
  'tombstones',
  /** chunk id, generation → since when it is set aside, and when it was met last */
  'orphans',
  /** seq (8 bytes) → a release task */
  'releases',
  /** As `releases`: those that contradict other rows, and are handed out no more */
  'brokenReleases',
  /** seq (8 bytes) → a deleteBlob task */
  'deletions',
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
  /** state, time (8 bytes), bundle id → nothing: those with something to gather */
  'bundleGatherings',
  /** tenant, job id → ArchiveJob */
  'archiveJobs',
  /** tenant, time of creation inverted (8 bytes), job id → key in `archiveJobs` */
  'archiveJobTimes',
  /** state, size class, time (8 bytes), tenant, job id → key in `archiveJobs` */
  'archiveJobStates',
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
] as const

export type TableName = (typeof tableNames)[number]
