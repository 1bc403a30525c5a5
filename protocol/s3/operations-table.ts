// The operations this server knows, one row each: how a request is recognised, and which IAM action
// on which resource it needs. Rows of one method and scope are tried in order, so the specific ones
// come first. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
// Which headers an operation takes is in `operation-headers.ts`; both are shown in docs/parameters.md.
import { keysPage, overrides, uploadsPage } from './query-parameters.ts'

export type Scope = 'service' | 'bucket' | 'object'

export type OperationRow = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly scope: Scope
  /** Query names that must all be there. */
  readonly query?: readonly string[]
  /** Query names that may be there. What `selectors` has beside these is refused. */
  readonly takes?: readonly string[]
  /** A header that must be there, lower case. */
  readonly header?: string
  /** An extension of ours. Signature Version 2, which binds no parameters of ours, does not open it. */
  readonly ours?: true
  /** The IAM action; with `?versionId`, `versionAction` where it differs. */
  readonly action: string
  readonly versionAction?: string
  /** What kind of resource the action is asked on. */
  readonly resource: Scope
}

export const operations = {
  ListBuckets: {
    method: 'GET',
    scope: 'service',
    takes: ['bucket-region', 'continuation-token', 'max-buckets', 'prefix'],
    action: 's3:ListAllMyBuckets',
    resource: 'service',
  },

  GetBucketLocation: {
    method: 'GET',
    scope: 'bucket',
    query: ['location'],
    action: 's3:GetBucketLocation',
    resource: 'bucket',
  },
  GetBucketVersioning: {
    method: 'GET',
    scope: 'bucket',
    query: ['versioning'],
    action: 's3:GetBucketVersioning',
    resource: 'bucket',
  },
  GetBucketTagging: {
    method: 'GET',
    scope: 'bucket',
    query: ['tagging'],
    action: 's3:GetBucketTagging',
    resource: 'bucket',
  },
  ListObjectVersions: {
    method: 'GET',
    scope: 'bucket',
    query: ['versions'],
    takes: [...keysPage, 'key-marker', 'version-id-marker'],
    action: 's3:ListBucketVersions',
    resource: 'bucket',
  },
  ListMultipartUploads: {
    method: 'GET',
    scope: 'bucket',
    query: ['uploads'],
    takes: uploadsPage,
    action: 's3:ListBucketMultipartUploads',
    resource: 'bucket',
  },
  // Ours: a prefix as one zip (docs/zip.md). The operation asks for the other one of the two
  // permissions by itself.
  GetBucketZip: {
    method: 'GET',
    scope: 'bucket',
    query: ['zip'],
    takes: ['prefix', 'partNumber', ...overrides],
    ours: true,
    action: 's3:ListBucket',
    resource: 'bucket',
  },
  HeadBucketZip: {
    method: 'HEAD',
    scope: 'bucket',
    query: ['zip'],
    takes: ['prefix', 'partNumber', ...overrides],
    ours: true,
    action: 's3:ListBucket',
    resource: 'bucket',
  },
  ListObjectsV2: {
    method: 'GET',
    scope: 'bucket',
    query: ['list-type'],
    takes: [...keysPage, 'continuation-token', 'fetch-owner', 'marker', 'start-after'],
    action: 's3:ListBucket',
    resource: 'bucket',
  },
  ListObjects: {
    method: 'GET',
    scope: 'bucket',
    takes: [...keysPage, 'marker'],
    action: 's3:ListBucket',
    resource: 'bucket',
  },
  HeadBucket: { method: 'HEAD', scope: 'bucket', action: 's3:ListBucket', resource: 'bucket' },
  PutBucketVersioning: {
    method: 'PUT',
    scope: 'bucket',
    query: ['versioning'],
    action: 's3:PutBucketVersioning',
    resource: 'bucket',
  },
  PutBucketTagging: {
    method: 'PUT',
    scope: 'bucket',
    query: ['tagging'],
    action: 's3:PutBucketTagging',
    resource: 'bucket',
  },
  CreateBucket: { method: 'PUT', scope: 'bucket', action: 's3:CreateBucket', resource: 'bucket' },
  DeleteBucketTagging: {
    method: 'DELETE',
    scope: 'bucket',
    query: ['tagging'],
    action: 's3:PutBucketTagging',
    resource: 'bucket',
  },
  DeleteBucket: {
    method: 'DELETE',
    scope: 'bucket',
    action: 's3:DeleteBucket',
    resource: 'bucket',
  },
  DeleteObjects: {
    method: 'POST',
    scope: 'bucket',
    query: ['delete'],
    action: 's3:DeleteObject',
    resource: 'bucket',
  },
  PostObject: { method: 'POST', scope: 'bucket', action: 's3:PutObject', resource: 'bucket' },

  GetZip: {
    method: 'GET',
    scope: 'object',
    query: ['zip'],
    takes: ['partNumber', ...overrides],
    ours: true,
    action: 's3:GetObject',
    resource: 'object',
  },
  HeadZip: {
    method: 'HEAD',
    scope: 'object',
    query: ['zip'],
    takes: ['partNumber', ...overrides],
    ours: true,
    action: 's3:GetObject',
    resource: 'object',
  },
  GetObjectAttributes: {
    method: 'GET',
    scope: 'object',
    query: ['attributes'],
    takes: ['versionId'],
    action: 's3:GetObjectAttributes',
    versionAction: 's3:GetObjectVersionAttributes',
    resource: 'object',
  },
  GetObjectTagging: {
    method: 'GET',
    scope: 'object',
    query: ['tagging'],
    takes: ['versionId'],
    action: 's3:GetObjectTagging',
    versionAction: 's3:GetObjectVersionTagging',
    resource: 'object',
  },
  ListParts: {
    method: 'GET',
    scope: 'object',
    query: ['uploadId'],
    takes: ['max-parts', 'part-number-marker'],
    action: 's3:ListMultipartUploadParts',
    resource: 'object',
  },
  GetObject: {
    method: 'GET',
    scope: 'object',
    takes: ['versionId', 'partNumber', ...overrides],
    action: 's3:GetObject',
    versionAction: 's3:GetObjectVersion',
    resource: 'object',
  },
  HeadObject: {
    method: 'HEAD',
    scope: 'object',
    takes: ['versionId', 'partNumber', ...overrides],
    action: 's3:GetObject',
    versionAction: 's3:GetObjectVersion',
    resource: 'object',
  },
  PutObjectTagging: {
    method: 'PUT',
    scope: 'object',
    query: ['tagging'],
    takes: ['versionId'],
    action: 's3:PutObjectTagging',
    versionAction: 's3:PutObjectVersionTagging',
    resource: 'object',
  },
  UploadPartCopy: {
    method: 'PUT',
    scope: 'object',
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
    resource: 'object',
  },
  UploadPart: {
    method: 'PUT',
    scope: 'object',
    query: ['partNumber', 'uploadId'],
    action: 's3:PutObject',
    resource: 'object',
  },
  CopyObject: {
    method: 'PUT',
    scope: 'object',
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
    resource: 'object',
  },
  PutObject: { method: 'PUT', scope: 'object', action: 's3:PutObject', resource: 'object' },
  DeleteObjectTagging: {
    method: 'DELETE',
    scope: 'object',
    query: ['tagging'],
    takes: ['versionId'],
    action: 's3:DeleteObjectTagging',
    versionAction: 's3:DeleteObjectVersionTagging',
    resource: 'object',
  },
  AbortMultipartUpload: {
    method: 'DELETE',
    scope: 'object',
    query: ['uploadId'],
    action: 's3:AbortMultipartUpload',
    resource: 'object',
  },
  DeleteObject: {
    method: 'DELETE',
    scope: 'object',
    takes: ['versionId'],
    action: 's3:DeleteObject',
    versionAction: 's3:DeleteObjectVersion',
    resource: 'object',
  },
  CreateMultipartUpload: {
    method: 'POST',
    scope: 'object',
    query: ['uploads'],
    action: 's3:PutObject',
    resource: 'object',
  },
  CompleteMultipartUpload: {
    method: 'POST',
    scope: 'object',
    query: ['uploadId'],
    action: 's3:PutObject',
    resource: 'object',
  },
} as const satisfies Record<string, OperationRow>

export type OperationName = keyof typeof operations
