// The operations this server knows, one row each: how a request is recognised, and which IAM actions
// it needs. Rows of one method and scope are tried in order, so the specific ones come first.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
// Which headers an operation takes is in `operation-headers.ts`; both are shown in docs/parameters.md.
import { bucketSettingOperations } from './bucket-setting-operations.ts'
import type { OperationRow } from './operation-row.ts'
import { keysPage, overrides, uploadsPage } from './query-parameters.ts'

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
  { action: 's3:PutObjectAcl', whenSent: { headers: aclHeaders }, ofNew: true },
] as const
const readSource = [
  { action: 's3:GetObject', ofVersion: 's3:GetObjectVersion', of: 'source' },
] as const
/** As two operations: it lists what is below the prefix, and reads it. */
const zip = [
  { action: 's3:ListBucket', of: 'bucket' },
  { action: 's3:GetObject', of: 'keys' },
] as const

const accountBlock = 'configuration/publicAccessBlock'

export const operations = {
  ListBuckets: {
    method: 'GET',
    scope: 'service',
    takes: ['bucket-region', 'continuation-token', 'max-buckets', 'prefix'],
    needs: [{ action: 's3:ListAllMyBuckets' }],
  },
  // S3 Control calls them Get-, Put- and DeletePublicAccessBlock.
  GetAccountPublicAccessBlock: {
    method: 'GET',
    scope: 'service',
    control: accountBlock,
    needs: [{ action: 's3:GetAccountPublicAccessBlock' }],
  },
  PutAccountPublicAccessBlock: {
    method: 'PUT',
    scope: 'service',
    control: accountBlock,
    needs: [{ action: 's3:PutAccountPublicAccessBlock' }],
  },
  DeleteAccountPublicAccessBlock: {
    method: 'DELETE',
    scope: 'service',
    control: accountBlock,
    needs: [{ action: 's3:PutAccountPublicAccessBlock' }],
  },

  ...bucketSettingOperations,

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
  GetObjectAcl: {
    method: 'GET',
    scope: 'object',
    query: ['acl'],
    takes: ['versionId'],
    needs: [{ action: 's3:GetObjectAcl', ofVersion: 's3:GetObjectVersionAcl' }],
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
  PutObjectAcl: {
    method: 'PUT',
    scope: 'object',
    query: ['acl'],
    takes: ['versionId'],
    needs: [{ action: 's3:PutObjectAcl', ofVersion: 's3:PutObjectVersionAcl' }],
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
      { action: 's3:PutObjectAcl', whenSent: { headers: aclHeaders }, ofNew: true },
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
