// The query parameters that say which operation a request is, and which data it is about. Which
// operation takes which of them is in `operations-table.ts`.

/**
 * Query names that make a request another operation. One that no row of the operations table asks for
 * means an operation this server does not have.
 */
export const subResources: ReadonlySet<string> = new Set([
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'annotation',
  'attributes',
  'cors',
  'delete',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'location',
  'logging',
  'metadataAnnotationTable',
  'metadataConfiguration',
  'metadataInventoryTable',
  'metadataJournalTable',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versioning',
  'versions',
  'website',
  'zip',
])

/**
 * What chooses the operation or the data. Where an operation does not take one of these, the client means
 * something else than would be done: it is refused. All other names that an operation does not take are
 * ignored, as S3 ignores them: `x-id`, those of a signature, the page of a listing, and anything.
 */
export const selectors: ReadonlySet<string> = new Set([
  ...subResources,
  'list-type',
  'partNumber',
  'versionId',
])

/** What a response shall say of itself. A name that begins so and is none of these is refused. */
export const overrides = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
] as const

export const overridePrefix = 'response-'

/** Which page of which keys a listing shows. */
export const keysPage = ['delimiter', 'encoding-type', 'max-keys', 'prefix'] as const

export const uploadsPage = [
  'delimiter',
  'encoding-type',
  'key-marker',
  'max-uploads',
  'prefix',
  'upload-id-marker',
] as const
