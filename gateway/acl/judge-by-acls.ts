// What ACLs add to what policies say, and take from it: they allow what no policy does, and what somebody else than the
// bucket's owner owns is allowed by nothing but its own ACL. Denials of policies hold whatever ACLs grant.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
import type { DeleteMarker, ObjectVersion } from '../../metadata/records.ts'
import { anonymousUserId, type ObjectAcl } from '../../protocol/s3/acl/acl.ts'
import { type AclNeed, aclNeedOf, isGranted, writeObjects } from './acl-needs.ts'
import type { BucketAcls } from './bucket-acls.ts'

export type AclQuestion = {
  readonly action: string
  readonly acls: BucketAcls
  /** Canonical user ids. Whoever has not signed is `anonymousUserId`. */
  readonly asker: string
  readonly bucketOwner: string
  readonly byPolicies: 'allowed' | 'denied' | 'nothing'
  /** Of an object that is to be made: what lies under its key does not matter. */
  readonly isNew: boolean
  /**
   * Whether his account lets him do it: nobody has granted anything to the users of an account, unless that has. True of
   * root users, and of those who have no account.
   */
  readonly ownAllows: () => boolean
  readonly readObject: () => Promise<ObjectVersion | DeleteMarker | undefined>
}

/** `unchanged`: as policies say. `not owned`: they have no say, for the object is another account's. */
export type AclVerdict = 'unchanged' | 'granted by bucket' | 'granted by object' | 'not owned'

/** The object is read only where it could decide. */
export function judgeByAcls(question: AclQuestion): AclVerdict | Promise<AclVerdict> {
  const { action, byPolicies, isNew } = question
  const need = isNew ? writeObjects : aclNeedOf(action)
  if (need === undefined || byPolicies === 'denied') return 'unchanged'
  if (need.of === 'object') return judgeObject(question, need)
  if (byPolicies === 'allowed' || !grantedByBucket(question, need)) return 'unchanged'
  return need.of === 'bucket' ? 'granted by bucket' : judgeOwn(question)
}

/** Of all keys below a prefix: what policies say of them, or that each has to be asked for. */
export function judgeBelow<Coarse extends string>(
  question: Pick<AclQuestion, 'action' | 'acls' | 'asker'>,
  byPolicies: Coarse | 'all' | 'none',
): Coarse | 'all' | 'none' | 'some' {
  const need = aclNeedOf(question.action)
  if (need === undefined) return byPolicies
  if (need.of === 'object') return 'some'
  if (byPolicies !== 'none') return byPolicies
  const { asker, acls } = question
  const { permission } = need
  // Each key is asked for, and with it whether his own account lets him.
  const isGrantee = isGranted(acls.grants, { asker, permission, ignoresPublic: acls.ignoresPublic })
  return isGrantee ? 'some' : 'none'
}

function grantedByBucket(
  { acls, asker, ownAllows }: Pick<AclQuestion, 'acls' | 'asker' | 'ownAllows'>,
  { permission }: Pick<AclNeed, 'permission'>,
): boolean {
  const { ignoresPublic } = acls
  return isGranted(acls.grants, { asker, permission, ignoresPublic }) && ownAllows()
}

async function judgeOwn({ asker, readObject }: AclQuestion): Promise<AclVerdict> {
  const found = await readObject()
  const owner = found?.is === 'object' ? found.acl?.owner : undefined
  return owner === asker ? 'granted by bucket' : 'unchanged'
}

async function judgeObject(question: AclQuestion, need: AclNeed): Promise<AclVerdict> {
  const { bucketOwner, byPolicies, readObject, ownAllows } = question
  const found = await readObject()
  if (found?.is !== 'object') {
    // Whoever may list the bucket hears that nothing is there.
    const isHeard = byPolicies === 'nothing' && need.permission === 'READ'
    return isHeard && grantedByBucket(question, need) ? 'granted by bucket' : 'unchanged'
  }
  const acl = found.acl ?? nothing
  const isBucketOwners = (acl.owner ?? bucketOwner) === bucketOwner
  if (isBucketOwners && byPolicies === 'allowed') return 'unchanged'
  if (grantedByObject(question, acl, need) && ownAllows()) return 'granted by object'
  return isBucketOwners || byPolicies === 'nothing' ? 'unchanged' : 'not owned'
}

const nothing: ObjectAcl = { grants: [] }

function grantedByObject(
  { acls, asker }: AclQuestion,
  { owner, grants }: ObjectAcl,
  { permission }: AclNeed,
): boolean {
  const { ignoresPublic } = acls
  if (isGranted(grants, { asker, permission, ignoresPublic })) return true
  // An owner cannot shut himself out. Nobody in particular is anonymous: that counts as everybody does.
  if (owner !== asker || permission === 'READ') return false
  return asker !== anonymousUserId || !ignoresPublic
}
