// What ACLs mean for one bucket: whether they count, what its own list grants, and what of them is blocked.
import type { ConfigDocuments } from '../../metadata/bucket-config-kinds.ts'
import type { Grant } from '../../protocol/s3/acl/acl.ts'
import type { ObjectOwnership } from '../../protocol/s3/acl/object-ownership.ts'
import type { PublicAccessBlock } from '../../protocol/s3/xml/public-access-block.ts'

export type BucketAcls = {
  readonly ownership: Exclude<ObjectOwnership, 'BucketOwnerEnforced'>
  /** Of the bucket. The owner's own need not stand there. */
  readonly grants: readonly Grant[]
  /** `BlockPublicAcls`: none that is public is set any more. */
  readonly blocksPublic: boolean
  /** `IgnorePublicAcls`: what is granted to everybody does not count. */
  readonly ignoresPublic: boolean
}

/** Undefined: the bucket's owner owns all that is in it, and there are no ACLs. */
export function bucketAcls({
  ownership = 'BucketOwnerEnforced',
  acl = [],
  publicAccessBlock: block,
}: Partial<ConfigDocuments>): BucketAcls | undefined {
  if (ownership === 'BucketOwnerEnforced') return undefined
  return {
    ownership: ownership === 'removed' ? 'ObjectWriter' : ownership,
    grants: acl,
    blocksPublic: block?.blockPublicAcls === true,
    ignoresPublic: block?.ignorePublicAcls === true,
  }
}

/** With what the account blocks of all its buckets. */
export function blockedToo(acls: BucketAcls, account: PublicAccessBlock): BucketAcls {
  return {
    ownership: acls.ownership,
    grants: acls.grants,
    blocksPublic: acls.blocksPublic || account.blockPublicAcls,
    ignoresPublic: acls.ignoresPublic || account.ignorePublicAcls,
  }
}
