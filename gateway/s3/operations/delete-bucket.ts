// DeleteBucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
import type { Bucket } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const deleteBucket: Operation<BucketCall> = async (call) => {
  const { bucket } = call
  const outcome = await call.services.metadata.buckets.delete(bucket)
  switch (outcome.is) {
    case 'deleted':
      return { status: 204 }
    case 'notEmpty':
      throw notEmpty(bucket)
    case 'busy':
      throw new S3Error('OperationAborted')
    case 'noSuchBucket':
      throw new S3Error('NoSuchBucket', { BucketName: bucket.name })
    default:
      return outcome satisfies never
  }
}

function notEmpty(bucket: Bucket): S3Error {
  const standing = 'The bucket you tried to delete is not empty'
  const message =
    bucket.versioning === 'off'
      ? standing
      : `${standing}. You must delete all versions in the bucket.`
  return new S3Error('BucketNotEmpty', { BucketName: bucket.name }, { message })
}
