// Which rows lie where. Ids are raw bytes in keys: a bucket id 8, row, upload and list ids 16.
// `escaped` is a key with its NULs escaped and a terminator behind it (`row-keys.ts`).

export const tableNames = [
  /** tenant id → Tenant */
  'tenants',
  /** access key id → AccessKey */
  'accessKeys',
  /** tenant id, bucket name → Bucket */
  'buckets',
  /**
   * bucket, raw key → row id, head of the version: of current objects only, so that a listing never
   * walks over delete markers.
   */
  'listing',
  /** bucket, escaped key, row id → version or delete marker. Row ids sort newest first. */
  'versions',
  /**
   * bucket, raw key → row id of the null version, when a suspended bucket wrote it. A null version
   * from before versioning has no row here: it is the oldest of its key.
   */
  'nulls',
  /** As `versions`: removed, and not yet released. */
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
  /** seq (8 bytes) → a release task */
  'releases',
  /** seq (8 bytes) → a deleteBlob task */
  'deletions',
  /** lease id → Lease */
  'leases',
  /** a few single rows: the layout's format, the task sequence, the lease horizon */
  'meta',
] as const

export type TableName = (typeof tableNames)[number]
