// The upload that a request names by bucket, key and `?uploadId`.
import type { Upload } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { noSuchUpload, parseUploadId } from '../../../protocol/s3/upload-id.ts'
import type { BucketCall, ObjectCall } from '../operation.ts'

/** Throws `NoSuchUpload`. */
export async function requireUpload(call: ObjectCall): Promise<Upload> {
  const uploadId = parseUploadId(call.query.get('uploadId'))
  const upload = await call.services.metadata.uploads.get(call.bucket, { key: call.key, uploadId })
  if (upload === undefined) throw noSuchUpload(uploadId)
  return upload
}

/** The error of a bucket that was there a moment ago. */
export function noSuchBucket({ bucket }: BucketCall): S3Error {
  return new S3Error('NoSuchBucket', { BucketName: bucket.name })
}
