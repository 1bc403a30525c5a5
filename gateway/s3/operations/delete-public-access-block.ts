// DeletePublicAccessBlock. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const deletePublicAccessBlock: Operation<BucketCall> = async (call) => {
  const { is } = await call.services.metadata.bucketConfigs.delete(call.bucket, 'publicAccessBlock')
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 204 }
}
