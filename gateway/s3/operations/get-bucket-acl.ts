// GetBucketAcl. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
import { toAccount } from '../../../protocol/s3/acl/acl.ts'
import { ownerId } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import { renderAcl } from '../acl/shown-acl.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketAcl: Operation<BucketCall> = async (call) => {
  const { bucket, services } = call
  const owner = ownerId(bucket.tenantId)
  const { acls } = await services.permissions.of(bucket)
  const stored =
    acls === undefined ? undefined : await services.metadata.bucketConfigs.get(bucket, 'acl')
  return xmlReply(renderAcl(call, owner, stored?.document ?? [toAccount(owner, 'FULL_CONTROL')]))
}
