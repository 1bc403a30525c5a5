// Which function serves which operation. The type makes a row of the operations table without a
// handler, or a handler without a row, a mistake of the compiler's.
import type { AuthenticateForm } from '../access/authenticate-form.ts'
import type { Handlers } from '../s3/operation.ts'
import { abortMultipartUpload } from '../s3/operations/abort-multipart-upload.ts'
import { completeMultipartUpload } from '../s3/operations/complete-multipart-upload.ts'
import { copyObject } from '../s3/operations/copy-object.ts'
import { createBucket } from '../s3/operations/create-bucket.ts'
import { createMultipartUpload } from '../s3/operations/create-multipart-upload.ts'
import { deleteAccountPublicAccessBlock } from '../s3/operations/delete-account-public-access-block.ts'
import { deleteBucket } from '../s3/operations/delete-bucket.ts'
import { deleteBucketCors } from '../s3/operations/delete-bucket-cors.ts'
import { deleteBucketOwnershipControls } from '../s3/operations/delete-bucket-ownership-controls.ts'
import { deleteBucketPolicy } from '../s3/operations/delete-bucket-policy.ts'
import { deleteBucketTagging } from '../s3/operations/delete-bucket-tagging.ts'
import { deleteObject } from '../s3/operations/delete-object.ts'
import { deleteObjectTagging } from '../s3/operations/delete-object-tagging.ts'
import { deleteObjects } from '../s3/operations/delete-objects.ts'
import { deletePublicAccessBlock } from '../s3/operations/delete-public-access-block.ts'
import { getAccountPublicAccessBlock } from '../s3/operations/get-account-public-access-block.ts'
import { getBucketAcl } from '../s3/operations/get-bucket-acl.ts'
import { getBucketCors } from '../s3/operations/get-bucket-cors.ts'
import { getBucketLocation } from '../s3/operations/get-bucket-location.ts'
import { getBucketOwnershipControls } from '../s3/operations/get-bucket-ownership-controls.ts'
import { getBucketPolicy } from '../s3/operations/get-bucket-policy.ts'
import { getBucketPolicyStatus } from '../s3/operations/get-bucket-policy-status.ts'
import { getBucketTagging } from '../s3/operations/get-bucket-tagging.ts'
import { getBucketVersioning } from '../s3/operations/get-bucket-versioning.ts'
import { makeGetBucketZip } from '../s3/operations/get-bucket-zip.ts'
import { getObject } from '../s3/operations/get-object.ts'
import { getObjectAcl } from '../s3/operations/get-object-acl.ts'
import { getObjectAttributes } from '../s3/operations/get-object-attributes.ts'
import { getObjectTagging } from '../s3/operations/get-object-tagging.ts'
import { getPublicAccessBlock } from '../s3/operations/get-public-access-block.ts'
import { makeGetZip } from '../s3/operations/get-zip.ts'
import { headBucket } from '../s3/operations/head-bucket.ts'
import { makeHeadBucketZip } from '../s3/operations/head-bucket-zip.ts'
import { headObject } from '../s3/operations/head-object.ts'
import { makeHeadZip } from '../s3/operations/head-zip.ts'
import { listBuckets } from '../s3/operations/list-buckets.ts'
import { listMultipartUploads } from '../s3/operations/list-multipart-uploads.ts'
import { listObjectVersions } from '../s3/operations/list-object-versions.ts'
import { listObjects } from '../s3/operations/list-objects.ts'
import { listObjectsV2 } from '../s3/operations/list-objects-v2.ts'
import { listParts } from '../s3/operations/list-parts.ts'
import { makePostObject } from '../s3/operations/post-object.ts'
import { putAccountPublicAccessBlock } from '../s3/operations/put-account-public-access-block.ts'
import { putBucketAcl } from '../s3/operations/put-bucket-acl.ts'
import { putBucketCors } from '../s3/operations/put-bucket-cors.ts'
import { putBucketOwnershipControls } from '../s3/operations/put-bucket-ownership-controls.ts'
import { putBucketPolicy } from '../s3/operations/put-bucket-policy.ts'
import { putBucketTagging } from '../s3/operations/put-bucket-tagging.ts'
import { putBucketVersioning } from '../s3/operations/put-bucket-versioning.ts'
import { putObject } from '../s3/operations/put-object.ts'
import { putObjectAcl } from '../s3/operations/put-object-acl.ts'
import { putObjectTagging } from '../s3/operations/put-object-tagging.ts'
import { putPublicAccessBlock } from '../s3/operations/put-public-access-block.ts'
import { uploadPart } from '../s3/operations/upload-part.ts'
import { uploadPartCopy } from '../s3/operations/upload-part-copy.ts'
import type { ZipService } from '../zip/zip-service.ts'

export function operationHandlers(parts: {
  readonly authenticateForm: AuthenticateForm
  readonly zip: ZipService
}): Handlers {
  return {
    ListBuckets: listBuckets,

    GetBucketLocation: getBucketLocation,
    GetBucketVersioning: getBucketVersioning,
    GetBucketPolicy: getBucketPolicy,
    GetBucketPolicyStatus: getBucketPolicyStatus,
    GetPublicAccessBlock: getPublicAccessBlock,
    GetAccountPublicAccessBlock: getAccountPublicAccessBlock,
    PutAccountPublicAccessBlock: putAccountPublicAccessBlock,
    DeleteAccountPublicAccessBlock: deleteAccountPublicAccessBlock,
    GetBucketAcl: getBucketAcl,
    PutBucketAcl: putBucketAcl,
    GetObjectAcl: getObjectAcl,
    PutObjectAcl: putObjectAcl,
    GetBucketOwnershipControls: getBucketOwnershipControls,
    PutBucketOwnershipControls: putBucketOwnershipControls,
    DeleteBucketOwnershipControls: deleteBucketOwnershipControls,
    GetBucketTagging: getBucketTagging,
    GetBucketCors: getBucketCors,
    ListObjectVersions: listObjectVersions,
    ListMultipartUploads: listMultipartUploads,
    ListObjectsV2: listObjectsV2,
    ListObjects: listObjects,
    HeadBucket: headBucket,
    PutBucketVersioning: putBucketVersioning,
    PutBucketPolicy: putBucketPolicy,
    PutPublicAccessBlock: putPublicAccessBlock,
    PutBucketTagging: putBucketTagging,
    PutBucketCors: putBucketCors,
    CreateBucket: createBucket,
    DeleteBucketPolicy: deleteBucketPolicy,
    DeletePublicAccessBlock: deletePublicAccessBlock,
    DeleteBucketTagging: deleteBucketTagging,
    DeleteBucketCors: deleteBucketCors,
    DeleteBucket: deleteBucket,
    DeleteObjects: deleteObjects,
    PostObject: makePostObject(parts.authenticateForm),

    GetObjectAttributes: getObjectAttributes,
    GetObjectTagging: getObjectTagging,
    ListParts: listParts,
    GetObject: getObject,
    HeadObject: headObject,
    PutObjectTagging: putObjectTagging,
    UploadPartCopy: uploadPartCopy,
    UploadPart: uploadPart,
    CopyObject: copyObject,
    PutObject: putObject,
    DeleteObjectTagging: deleteObjectTagging,
    AbortMultipartUpload: abortMultipartUpload,
    DeleteObject: deleteObject,
    CreateMultipartUpload: createMultipartUpload,
    CompleteMultipartUpload: completeMultipartUpload,

    GetZip: makeGetZip(parts.zip),
    HeadZip: makeHeadZip(parts.zip),
    GetBucketZip: makeGetBucketZip(parts.zip),
    HeadBucketZip: makeHeadBucketZip(parts.zip),
  }
}
