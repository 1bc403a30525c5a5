// DeleteBucketTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const deleteBucketTagging: Operation<BucketCall> = async (call) => {
  const outcome = await call.services.metadata.bucketConfigs.delete(call.bucket, 'tagging')
  if (outcome.is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 204 }
}
