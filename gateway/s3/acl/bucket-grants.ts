// What a request grants on a bucket.
import type { Grant } from '../../../protocol/s3/acl/acl.ts'
import { type CannedAcl, grantsOfCanned } from '../../../protocol/s3/acl/canned-acl.ts'

type Wanted =
  | { readonly is: 'canned'; readonly canned: CannedAcl }
  | { readonly is: 'grants' | 'document'; readonly grants: readonly Grant[] }

/** Canned ACLs that speak of the bucket's owner are for objects: of a bucket they say what `private` does. */
export function bucketGrants(wanted: Wanted, owner: string): readonly Grant[] {
  if (wanted.is !== 'canned') return wanted.grants
  return grantsOfCanned(wanted.canned, { owner, bucketOwner: owner })
}
