// GetBucketPolicyStatus: whether the bucket's policy makes it public.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
import { isPublic } from '../../../protocol/policy/public-policy.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { element, s3Document } from '../../../protocol/s3/xml/xml-writer.ts'
import { compileBucketPolicy } from '../../access/bucket-permissions.ts'
import { requireOwnAccount } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketPolicyStatus: Operation<BucketCall> = async (call) => {
  const { bucket, services } = call
  requireOwnAccount(call.identity, bucket)
  const policy = await services.metadata.bucketConfigs.get(bucket, 'policy')
  if (policy === undefined) throw new S3Error('NoSuchBucketPolicy', { BucketName: bucket.name })
  const answer = isPublic(compileBucketPolicy(policy.document))
  return xmlReply(s3Document('PolicyStatus', element('IsPublic', answer)))
}
