// DeleteBucketOwnershipControls. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html
// A bucket without them is as buckets were before there were any: ACLs count, and whoever writes an object owns it.
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const deleteBucketOwnershipControls: Operation<BucketCall> = async (call) => {
  const { bucketConfigs } = call.services.metadata
  const { is } = await bucketConfigs.put(call.bucket, 'ownership', { document: 'removed' })
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 204 }
}
