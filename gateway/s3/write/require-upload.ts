// The upload that a request names by bucket, key and `?uploadId`.
import type { Bucket, Upload } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { noSuchUpload, parseUploadId } from '../../../protocol/s3/upload-id.ts'
import { type Call, requireBucket } from '../operation.ts'

export type FoundUpload = { readonly bucket: Bucket; readonly upload: Upload }

/** Throws `NoSuchBucket` and `NoSuchUpload`. */
export async function requireUpload(call: Call): Promise<FoundUpload> {
  const bucket = await requireBucket(call)
  const uploadId = parseUploadId(call.query.get('uploadId'))
  const upload = await call.services.metadata.uploads.get(bucket, { key: call.key, uploadId })
  if (upload === undefined) throw noSuchUpload(uploadId)
  return { bucket, upload }
}

/** The error of a bucket that was there a moment ago. */
export function noSuchBucket(call: Call): S3Error {
  return new S3Error('NoSuchBucket', { BucketName: call.bucketName })
}
