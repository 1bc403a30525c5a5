// PutBucketAcl. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
import { isOwnersAlone } from '../../../protocol/s3/acl/acl.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { ownerId } from '../../access/owner.ts'
import { refuseBlocked } from '../acl/acl-blocked.ts'
import { bucketGrants } from '../acl/bucket-grants.ts'
import { readAclRequest, requireOwnerOf } from '../acl/read-acl-request.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const putBucketAcl: Operation<BucketCall> = async (call) => {
  const { bucket, services } = call
  const owner = ownerId(bucket.tenantId)
  const request = await readAclRequest(call)
  const { acls } = await services.permissions.of(bucket)
  if (acls === undefined) {
    const isSo = request.is !== 'canned' && isOwnersAlone(request.grants, owner)
    if (!isSo) throw new S3Error('AccessControlListNotSupported')
    requireOwnerOf(request, owner)
    return { status: 200 }
  }
  requireOwnerOf(request, owner)
  const grants = bucketGrants(request, owner)
  await refuseBlocked(call, acls, grants)
  if (request.is !== 'canned') await services.accounts.requireGrantees(grants)
  const { is } = await services.metadata.bucketConfigs.put(bucket, 'acl', { document: grants })
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 200 }
}
