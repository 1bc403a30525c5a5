// DeleteBucketTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { type Operation, requireBucket } from '../operation.ts'

export const deleteBucketTagging: Operation = async (call) => {
  const bucket = await requireBucket(call)
  const outcome = await call.services.metadata.bucketConfigs.delete(bucket, 'tagging')
  if (outcome.is === 'noSuchBucket') {
    throw new S3Error('NoSuchBucket', { BucketName: bucket.name })
  }
  return { status: 204 }
}
