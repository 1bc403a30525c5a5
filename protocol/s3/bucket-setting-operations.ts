// The rows of operations that read and change what is set of a bucket: each of one sub-resource, so that their order
// does not matter. They join the others in `operations-table.ts`.
import type { OperationRow } from './operation-row.ts'

export const bucketSettingOperations = {
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
  GetBucketAcl: {
    method: 'GET',
    scope: 'bucket',
    query: ['acl'],
    needs: [{ action: 's3:GetBucketAcl' }],
  },
  GetBucketOwnershipControls: {
    method: 'GET',
    scope: 'bucket',
    query: ['ownershipControls'],
    needs: [{ action: 's3:GetBucketOwnershipControls' }],
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
  PutBucketAcl: {
    method: 'PUT',
    scope: 'bucket',
    query: ['acl'],
    needs: [{ action: 's3:PutBucketAcl' }],
  },
  PutBucketOwnershipControls: {
    method: 'PUT',
    scope: 'bucket',
    query: ['ownershipControls'],
    needs: [{ action: 's3:PutBucketOwnershipControls', whenRead: true }],
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
  DeleteBucketOwnershipControls: {
    method: 'DELETE',
    scope: 'bucket',
    query: ['ownershipControls'],
    needs: [{ action: 's3:PutBucketOwnershipControls' }],
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
} as const satisfies Record<string, OperationRow>
