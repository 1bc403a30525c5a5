// GetBucketPolicy. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { requireOwnAccount } from '../../access/owner.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketPolicy: Operation<BucketCall> = async ({ services, identity, bucket }) => {
  requireOwnAccount(identity, bucket)
  const policy = await services.metadata.bucketConfigs.get(bucket, 'policy')
  if (policy === undefined) throw new S3Error('NoSuchBucketPolicy', { BucketName: bucket.name })
  const body = Buffer.from(policy.document)
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body }
}
