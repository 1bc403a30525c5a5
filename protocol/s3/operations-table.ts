// The operations this server knows, one row each: how a request is recognised, and which IAM actions
// it needs. Rows of one method and scope are tried in order, so the specific ones come first.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
// Which headers an operation takes is in `operation-headers.ts`; both are shown in docs/parameters.md.
import { keysPage, overrides, uploadsPage } from './query-parameters.ts'

export type Scope = 'service' | 'bucket' | 'object'

/** One thing that a caller must be allowed to do. */
export type Need = {
  readonly action: string
  /** In place of `action` where a version is named by its id. */
  readonly ofVersion?: string
  /**
   * What it is asked of. Absent: of what the request addresses. `keys`: of each key that the operation
   * comes to. `source`: of the object that is copied.
   */
  readonly of?: 'bucket' | 'keys' | 'source'
  /** Only for requests with one of these headers; with `value`, only when it has that. */
  readonly whenSent?: { readonly headers: readonly string[]; readonly value?: string }
  /** Only when the object that is copied has tags, and the copy gets them. */
  readonly whenTagged?: true
  /** Asked by the operation itself, of what it reads in its body. */
  readonly whenRead?: true
}

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
  /** The bucket is one that is to be made. */
  readonly makesBucket?: true
  /** Everything that a caller must be allowed to do, in the order in which it is asked. */
  readonly needs: readonly Need[]
}

const aclHeaders = [
  'x-amz-acl',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
] as const

/** To make an object, with what else the headers give it. */
const put = [
  { action: 's3:PutObject' },
  { action: 's3:PutObjectTagging', whenSent: { headers: ['x-amz-tagging'] } },
  { action: 's3:PutObjectAcl', whenSent: { headers: aclHeaders } },
] as const
const readSource = [
  { action: 's3:GetObject', ofVersion: 's3:GetObjectVersion', of: 'source' },
] as const
/** As two operations: it lists what is below the prefix, and reads it. */
const zip = [
  { action: 's3:ListBucket', of: 'bucket' },
  { action: 's3:GetObject', of: 'keys' },
] as const

export const operations = {
  ListBuckets: {
    method: 'GET',
    scope: 'service',
    takes: ['bucket-region', 'continuation-token', 'max-buckets', 'prefix'],
    needs: [{ action: 's3:ListAllMyBuckets' }],
  },

  GetBucketLocation: {
    method: 'GET',
    scope: 'bucket',
    query: ['location'],
    needs: [{ action: 's3:GetBucketLocation' }],
  },
  GetBucketVersioning: {
    method: 'GET',
    scope: 'bucket',
    query: ['versioning'],
    needs: [{ action: 's3:GetBucketVersioning' }],
  },
  GetBucketPolicy: {
    method: 'GET',
    scope: 'bucket',
    query: ['policy'],
    needs: [{ action: 's3:GetBucketPolicy' }],
  },
  GetBucketPolicyStatus: {
    method: 'GET',
    scope: 'bucket',
    query: ['policyStatus'],
    needs: [{ action: 's3:GetBucketPolicyStatus' }],
  },
  GetPublicAccessBlock: {
    method: 'GET',
    scope: 'bucket',
    query: ['publicAccessBlock'],
    needs: [{ action: 's3:GetBucketPublicAccessBlock' }],
  },
  GetBucketTagging: {
    method: 'GET',
    scope: 'bucket',
    query: ['tagging'],
    needs: [{ action: 's3:GetBucketTagging' }],
  },
  GetBucketCors: {
    method: 'GET',
    scope: 'bucket',
    query: ['cors'],
    needs: [{ action: 's3:GetBucketCORS' }],
  },
  ListObjectVersions: {
    method: 'GET',
    scope: 'bucket',
    query: ['versions'],
    takes: [...keysPage, 'key-marker', 'version-id-marker'],
    needs: [{ action: 's3:ListBucketVersions' }],
  },
  ListMultipartUploads: {
    method: 'GET',
    scope: 'bucket',
    query: ['uploads'],
    takes: uploadsPage,
    needs: [{ action: 's3:ListBucketMultipartUploads' }],
  },
  // Ours: a prefix as one zip (docs/zip.md).
  GetBucketZip: {
    method: 'GET',
    scope: 'bucket',
    query: ['zip'],
    takes: ['prefix', 'partNumber', ...overrides],
    ours: true,
    needs: zip,
  },
  HeadBucketZip: {
    method: 'HEAD',
    scope: 'bucket',
    query: ['zip'],
    takes: ['prefix', 'partNumber', ...overrides],
    ours: true,
    needs: zip,
  },
  ListObjectsV2: {
    method: 'GET',
    scope: 'bucket',
    query: ['list-type'],
    takes: [...keysPage, 'continuation-token', 'fetch-owner', 'marker', 'start-after'],
    needs: [{ action: 's3:ListBucket' }],
  },
  ListObjects: {
    method: 'GET',
    scope: 'bucket',
    takes: [...keysPage, 'marker'],
    needs: [{ action: 's3:ListBucket' }],
  },
  HeadBucket: { method: 'HEAD', scope: 'bucket', needs: [{ action: 's3:ListBucket' }] },
  PutBucketVersioning: {
    method: 'PUT',
    scope: 'bucket',
    query: ['versioning'],
    needs: [{ action: 's3:PutBucketVersioning' }],
  },
  PutBucketPolicy: {
    method: 'PUT',
    scope: 'bucket',
    query: ['policy'],
    needs: [{ action: 's3:PutBucketPolicy' }],
  },
  PutPublicAccessBlock: {
    method: 'PUT',
    scope: 'bucket',
    query: ['publicAccessBlock'],
    needs: [{ action: 's3:PutBucketPublicAccessBlock' }],
  },
  PutBucketTagging: {
    method: 'PUT',
    scope: 'bucket',
    query: ['tagging'],
    needs: [{ action: 's3:PutBucketTagging' }],
  },
  PutBucketCors: {
    method: 'PUT',
    scope: 'bucket',
    query: ['cors'],
    needs: [{ action: 's3:PutBucketCORS' }],
  },
  CreateBucket: {
    method: 'PUT',
    scope: 'bucket',
    makesBucket: true,
    needs: [
      { action: 's3:CreateBucket' },
      { action: 's3:PutBucketAcl', whenSent: { headers: aclHeaders } },
      {
        action: 's3:PutBucketOwnershipControls',
        whenSent: { headers: ['x-amz-object-ownership'] },
      },
    ],
  },
  DeleteBucketPolicy: {
    method: 'DELETE',
    scope: 'bucket',
    query: ['policy'],
    needs: [{ action: 's3:DeleteBucketPolicy' }],
  },
  DeletePublicAccessBlock: {
    method: 'DELETE',
    scope: 'bucket',
    query: ['publicAccessBlock'],
    needs: [{ action: 's3:PutBucketPublicAccessBlock' }],
  },
  DeleteBucketTagging: {
    method: 'DELETE',
    scope: 'bucket',
    query: ['tagging'],
    needs: [{ action: 's3:PutBucketTagging' }],
  },
  DeleteBucketCors: {
    method: 'DELETE',
    scope: 'bucket',
    query: ['cors'],
    needs: [{ action: 's3:PutBucketCORS' }],
  },
  DeleteBucket: {
    method: 'DELETE',
    scope: 'bucket',
    needs: [{ action: 's3:DeleteBucket' }],
  },
  DeleteObjects: {
    method: 'POST',
    scope: 'bucket',
    query: ['delete'],
    needs: [{ action: 's3:DeleteObject', ofVersion: 's3:DeleteObjectVersion', of: 'keys' }],
  },
  // The key, and who signs, stand in the form.
  PostObject: { method: 'POST', scope: 'bucket', needs: put },

  GetZip: {
    method: 'GET',
    scope: 'object',
    query: ['zip'],
    takes: ['partNumber', ...overrides],
    ours: true,
    needs: zip,
  },
  HeadZip: {
    method: 'HEAD',
    scope: 'object',
    query: ['zip'],
    takes: ['partNumber', ...overrides],
    ours: true,
    needs: zip,
  },
  GetObjectAttributes: {
    method: 'GET',
    scope: 'object',
    query: ['attributes'],
    takes: ['versionId'],
    needs: [
      { action: 's3:GetObject', ofVersion: 's3:GetObjectVersion' },
      { action: 's3:GetObjectAttributes', ofVersion: 's3:GetObjectVersionAttributes' },
    ],
  },
  GetObjectTagging: {
    method: 'GET',
    scope: 'object',
    query: ['tagging'],
    takes: ['versionId'],
    needs: [{ action: 's3:GetObjectTagging', ofVersion: 's3:GetObjectVersionTagging' }],
  },
  ListParts: {
    method: 'GET',
    scope: 'object',
    query: ['uploadId'],
    takes: ['max-parts', 'part-number-marker'],
    needs: [{ action: 's3:ListMultipartUploadParts' }],
  },
  GetObject: {
    method: 'GET',
    scope: 'object',
    takes: ['versionId', 'partNumber', ...overrides],
    needs: [{ action: 's3:GetObject', ofVersion: 's3:GetObjectVersion' }],
  },
  HeadObject: {
    method: 'HEAD',
    scope: 'object',
    takes: ['versionId', 'partNumber', ...overrides],
    needs: [{ action: 's3:GetObject', ofVersion: 's3:GetObjectVersion' }],
  },
  PutObjectTagging: {
    method: 'PUT',
    scope: 'object',
    query: ['tagging'],
    takes: ['versionId'],
    needs: [
      { action: 's3:PutObjectTagging', ofVersion: 's3:PutObjectVersionTagging', whenRead: true },
    ],
  },
  UploadPartCopy: {
    method: 'PUT',
    scope: 'object',
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
    needs: [{ action: 's3:PutObject' }, ...readSource],
  },
  UploadPart: {
    method: 'PUT',
    scope: 'object',
    query: ['partNumber', 'uploadId'],
    needs: [{ action: 's3:PutObject' }],
  },
  CopyObject: {
    method: 'PUT',
    scope: 'object',
    header: 'x-amz-copy-source',
    needs: [
      { action: 's3:PutObject' },
      {
        action: 's3:PutObjectTagging',
        whenSent: { headers: ['x-amz-tagging-directive'], value: 'REPLACE' },
      },
      { action: 's3:PutObjectAcl', whenSent: { headers: aclHeaders } },
      ...readSource,
      {
        action: 's3:GetObjectTagging',
        ofVersion: 's3:GetObjectVersionTagging',
        of: 'source',
        whenTagged: true,
      },
      { action: 's3:PutObjectTagging', whenTagged: true },
    ],
  },
  PutObject: { method: 'PUT', scope: 'object', needs: put },
  DeleteObjectTagging: {
    method: 'DELETE',
    scope: 'object',
    query: ['tagging'],
    takes: ['versionId'],
    needs: [{ action: 's3:DeleteObjectTagging', ofVersion: 's3:DeleteObjectVersionTagging' }],
  },
  AbortMultipartUpload: {
    method: 'DELETE',
    scope: 'object',
    query: ['uploadId'],
    needs: [{ action: 's3:AbortMultipartUpload' }],
  },
  DeleteObject: {
    method: 'DELETE',
    scope: 'object',
    takes: ['versionId'],
    needs: [{ action: 's3:DeleteObject', ofVersion: 's3:DeleteObjectVersion' }],
  },
  CreateMultipartUpload: {
    method: 'POST',
    scope: 'object',
    query: ['uploads'],
    needs: put,
  },
  CompleteMultipartUpload: {
    method: 'POST',
    scope: 'object',
    query: ['uploadId'],
    needs: [{ action: 's3:PutObject' }],
  },
} as const satisfies Record<string, OperationRow>

export type OperationName = keyof typeof operations
