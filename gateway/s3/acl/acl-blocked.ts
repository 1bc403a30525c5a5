// `BlockPublicAcls`: a list that grants something to everybody is not set.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
import { type Grant, isPublicGrant } from '../../../protocol/s3/acl/acl.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { BucketAcls } from '../../acl/bucket-acls.ts'
import type { BucketCall } from '../operation.ts'

/** Throws `AccessDenied`. Asks the account as it is now. */
export async function refuseBlocked(
  { bucket, notes, services }: BucketCall,
  acls: BucketAcls,
  grants: readonly Grant[],
): Promise<void> {
  if (!grants.some(isPublicGrant)) return
  const account = acls.blocksPublic ? undefined : await services.accountBlocks.now(bucket.tenantId)
  if (!acls.blocksPublic && account?.blockPublicAcls !== true) return
  notes.decisions?.noteRefusal({ is: 'publicAccessBlock' })
  throw new S3Error('AccessDenied', undefined, {
    message: 'The ACL is public, and public ACLs are blocked by the BlockPublicAcls setting.',
  })
}
