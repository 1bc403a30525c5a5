// What a decider answers where the bucket has ACLs: what policies say, with what `acl/judge-by-acls.ts` makes of it.
import { anonymousUserId } from '../../protocol/s3/acl/acl.ts'
import { type AclQuestion, type AclVerdict, judgeByAcls } from '../acl/judge-by-acls.ts'
import type { OwnedBucket, Resource } from './authorize.ts'
import type { Answer } from './decisions.ts'
import type { Identity } from './identity.ts'
import { ownerId } from './owner.ts'

export type AskedOfAcls = Pick<AclQuestion, 'action' | 'acls' | 'ownAllows' | 'readObject'> & {
  readonly identity: Identity
  readonly resource: Extract<Resource, { is: 'bucket' | 'object' }>
}

/** Whose lists count, as ACLs name accounts. */
export function partiesOf(
  identity: Identity,
  { tenantId }: OwnedBucket,
): Pick<AclQuestion, 'asker' | 'bucketOwner'> {
  return {
    asker: identity.is === 'user' ? ownerId(identity.tenantId) : anonymousUserId,
    bucketOwner: ownerId(tenantId),
  }
}

export function answerWithAcls(
  { action, acls, identity, resource, ownAllows, readObject }: AskedOfAcls,
  byPolicies: Answer,
): Answer | Promise<Answer> {
  const isDenied = !byPolicies.isAllowed && byPolicies.by.is !== 'nothing'
  const verdict = judgeByAcls({
    ...{ action, acls, ownAllows, readObject },
    ...partiesOf(identity, resource.bucket),
    byPolicies: byPolicies.isAllowed ? 'allowed' : isDenied ? 'denied' : 'nothing',
    isNew: resource.is === 'object' && resource.isNew === true,
  })
  return verdict instanceof Promise
    ? verdict.then((found) => answers[found] ?? byPolicies)
    : (answers[verdict] ?? byPolicies)
}

const answers: Readonly<Partial<Record<AclVerdict, Answer>>> = {
  'granted by bucket': { isAllowed: true, by: { is: 'acl', of: 'bucket' } },
  'granted by object': { isAllowed: true, by: { is: 'acl', of: 'object' } },
  'not owned': { isAllowed: false, by: { is: 'objectOwner' } },
}
