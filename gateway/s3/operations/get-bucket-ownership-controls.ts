// GetBucketOwnershipControls. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html
import { renderOwnershipControls } from '../../../protocol/s3/acl/object-ownership.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketOwnershipControls: Operation<BucketCall> = async ({ bucket, services }) => {
  const found = await services.metadata.bucketConfigs.get(bucket, 'ownership')
  const ownership = found?.document ?? 'BucketOwnerEnforced'
  if (ownership === 'removed') {
    throw new S3Error('OwnershipControlsNotFoundError', { BucketName: bucket.name })
  }
  return xmlReply(renderOwnershipControls(ownership))
}
