// Canned ACLs: names for lists of grants.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
import { ec2UserId, type Grant, toAccount, toGroup } from './acl.ts'

export type CannedAcl = keyof typeof added

/** Who a canned ACL speaks of, by canonical user ids. */
export type AclParties = {
  /** Of the bucket or object that has the list. */
  readonly owner: string
  readonly bucketOwner: string
}

type Added = (parties: AclParties) => readonly Grant[]

/** What each adds to the full control of the owner. */
const added = {
  private: () => [],
  'public-read': () => [toGroup('AllUsers', 'READ')],
  'public-read-write': () => [toGroup('AllUsers', 'READ'), toGroup('AllUsers', 'WRITE')],
  'aws-exec-read': () => [toAccount(ec2UserId, 'READ')],
  'authenticated-read': () => [toGroup('AuthenticatedUsers', 'READ')],
  'bucket-owner-read': ({ owner, bucketOwner }) =>
    owner === bucketOwner ? [] : [toAccount(bucketOwner, 'READ')],
  'bucket-owner-full-control': ({ owner, bucketOwner }) =>
    owner === bucketOwner ? [] : [toAccount(bucketOwner, 'FULL_CONTROL')],
  'log-delivery-write': () => [toGroup('LogDelivery', 'WRITE'), toGroup('LogDelivery', 'READ_ACP')],
} as const satisfies Readonly<Record<string, Added>>

export function isCannedAcl(name: string): name is CannedAcl {
  return Object.hasOwn(added, name)
}

export function grantsOfCanned(canned: CannedAcl, parties: AclParties): readonly Grant[] {
  return [toAccount(parties.owner, 'FULL_CONTROL'), ...added[canned](parties)]
}
