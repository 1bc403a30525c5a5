// DeleteBucketCors. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const deleteBucketCors: Operation<BucketCall> = async (call) => {
  const outcome = await call.services.metadata.bucketConfigs.delete(call.bucket, 'cors')
  if (outcome.is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 204 }
}
