// An ACL as it is shown.
import { renderAccessControlPolicy } from '../../../protocol/s3/acl/access-control-policy.ts'
import type { Grant } from '../../../protocol/s3/acl/acl.ts'
import type { Owner } from '../../../protocol/s3/xml/listing-elements.ts'
import { ownerId, ownerOf } from '../../access/owner.ts'
import type { BucketCall } from '../operation.ts'

/** Whose id that is. Of other accounts than those that have to do with the request, only the id is told. */
export function shownOwner({ bucket, identity }: BucketCall, id: string): Owner {
  if (id === ownerId(bucket.tenantId)) return ownerOf(bucket.tenantId)
  if (identity.is === 'user' && id === ownerId(identity.tenantId)) {
    return ownerOf(identity.tenantId)
  }
  return { id }
}

export function renderAcl(call: BucketCall, owner: string, grants: readonly Grant[]): string {
  return renderAccessControlPolicy(
    shownOwner(call, owner),
    grants,
    (id) => shownOwner(call, id).displayName,
  )
}
