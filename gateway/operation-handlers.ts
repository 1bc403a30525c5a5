// Which function serves which operation. The type makes a row of the operations table without a
// handler, or a handler without a row, a mistake of the compiler's.
import type { Handlers } from './http/handle-request.ts'
import { abortMultipartUpload } from './operations/abort-multipart-upload.ts'
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts'
import { copyObject } from './operations/copy-object.ts'
import { createBucket } from './operations/create-bucket.ts'
import { createMultipartUpload } from './operations/create-multipart-upload.ts'
import { deleteBucket } from './operations/delete-bucket.ts'
import { deleteBucketTagging } from './operations/delete-bucket-tagging.ts'
import { deleteObject } from './operations/delete-object.ts'
import { deleteObjectTagging } from './operations/delete-object-tagging.ts'
import { deleteObjects } from './operations/delete-objects.ts'
import { getBucketLocation } from './operations/get-bucket-location.ts'
import { getBucketTagging } from './operations/get-bucket-tagging.ts'
import { getBucketVersioning } from './operations/get-bucket-versioning.ts'
import { makeGetBucketZip } from './operations/get-bucket-zip.ts'
import { getObject } from './operations/get-object.ts'
import { getObjectAttributes } from './operations/get-object-attributes.ts'
import { getObjectTagging } from './operations/get-object-tagging.ts'
import { makeGetZip } from './operations/get-zip.ts'
import { headBucket } from './operations/head-bucket.ts'
import { makeHeadBucketZip } from './operations/head-bucket-zip.ts'
import { headObject } from './operations/head-object.ts'
import { makeHeadZip } from './operations/head-zip.ts'
import { listBuckets } from './operations/list-buckets.ts'
import { listMultipartUploads } from './operations/list-multipart-uploads.ts'
import { listObjectVersions } from './operations/list-object-versions.ts'
import { listObjects } from './operations/list-objects.ts'
import { listObjectsV2 } from './operations/list-objects-v2.ts'
import { listParts } from './operations/list-parts.ts'
import { type AuthenticateForm, makePostObject } from './operations/post-object.ts'
import { putBucketTagging } from './operations/put-bucket-tagging.ts'
import { putBucketVersioning } from './operations/put-bucket-versioning.ts'
import { putObject } from './operations/put-object.ts'
import { putObjectTagging } from './operations/put-object-tagging.ts'
import { uploadPart } from './operations/upload-part.ts'
import { uploadPartCopy } from './operations/upload-part-copy.ts'
import type { ZipService } from './zip/zip-service.ts'

export function operationHandlers(parts: {
  readonly authenticateForm: AuthenticateForm
  readonly zip: ZipService
}): Handlers {
  return {
    ListBuckets: listBuckets,

    GetBucketLocation: getBucketLocation,
    GetBucketVersioning: getBucketVersioning,
    GetBucketTagging: getBucketTagging,
    ListObjectVersions: listObjectVersions,
    ListMultipartUploads: listMultipartUploads,
    ListObjectsV2: listObjectsV2,
    ListObjects: listObjects,
    HeadBucket: headBucket,
    PutBucketVersioning: putBucketVersioning,
    PutBucketTagging: putBucketTagging,
    CreateBucket: createBucket,
    DeleteBucketTagging: deleteBucketTagging,
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
