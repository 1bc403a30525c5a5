// PutBucketOwnershipControls. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
// Permission may hang on what is to be set, and so is asked once that is read.
import { isOwnersAlone } from '../../../protocol/s3/acl/acl.ts'
import { readOwnershipControls } from '../../../protocol/s3/acl/object-ownership.ts'
import { aclBytesMax } from '../../../protocol/s3/limits.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { ownerId } from '../../access/owner.ts'
import { requirePermission } from '../../access/require.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const putBucketOwnershipControls: Operation<BucketCall> = async (call) => {
  const { bucket, services } = call
  const ownership = readOwnershipControls(await call.body.bytes(aclBytesMax))
  await requirePermission(call, 's3:PutBucketOwnershipControls', {
    ...{ is: 'bucket', bucket, objectOwnership: ownership },
  })
  const { bucketConfigs } = services.metadata
  if (ownership === 'BucketOwnerEnforced') await requirePrivate(call)
  const { is } = await bucketConfigs.put(bucket, 'ownership', { document: ownership })
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 200 }
}

/** What others were granted is not taken from them in silence. Throws `InvalidBucketAclWithObjectOwnership`. */
async function requirePrivate({ bucket, services }: BucketCall): Promise<void> {
  const acl = await services.metadata.bucketConfigs.get(bucket, 'acl')
  if (acl === undefined || isOwnersAlone(acl.document, ownerId(bucket.tenantId))) return
  throw new S3Error('InvalidBucketAclWithObjectOwnership')
}
