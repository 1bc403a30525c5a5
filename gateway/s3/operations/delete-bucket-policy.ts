// DeleteBucketPolicy. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
import { requireOwnAccount } from '../../access/owner.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const deleteBucketPolicy: Operation<BucketCall> = async (call) => {
  requireOwnAccount(call.identity, call.bucket)
  const { is } = await call.services.metadata.bucketConfigs.delete(call.bucket, 'policy')
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 204 }
}
