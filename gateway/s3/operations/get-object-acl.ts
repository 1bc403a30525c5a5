// GetObjectAcl. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
import { toAccount } from '../../../protocol/s3/acl/acl.ts'
import { ownerId } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import { renderAcl } from '../acl/shown-acl.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { findRequestedVersion } from '../read/find-version.ts'

export const getObjectAcl: Operation<ObjectCall> = async (call) => {
  const { bucket, services } = call
  const { version } = await findRequestedVersion(call)
  const { acls } = await services.permissions.of(bucket)
  const bucketOwner = ownerId(bucket.tenantId)
  // What was granted while there were ACLs is kept, and shown again when there are.
  const acl = acls === undefined ? undefined : version.acl
  const owner = acl?.owner ?? bucketOwner
  const grants = acl?.grants ?? [toAccount(bucketOwner, 'FULL_CONTROL')]
  const shown = bucket.versioning === 'off' ? undefined : version.versionId
  return xmlReply(renderAcl(call, owner, grants), { 'x-amz-version-id': shown })
}
