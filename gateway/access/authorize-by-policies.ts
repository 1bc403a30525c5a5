// Who may do what: the root user of a tenant anything to what the tenant owns, unless the bucket's policy denies it; users
// and sessions what their own policies and the bucket's allow together; everybody else what the bucket's policy allows. Where a
// bucket has ACLs, they have a say besides (`acl/judge-by-acls.ts`).
import { setImmediate } from 'node:timers/promises'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Tag } from '../../metadata/records.ts'
import type { AccessRequest, ContextKeys } from '../../protocol/policy/access-request.ts'
import type { Policies } from '../../protocol/policy/combine-grants.ts'
import { evaluate } from '../../protocol/policy/evaluate.ts'
import { evaluateBelow } from '../../protocol/policy/evaluate-below.ts'
import { judgeBelow } from '../acl/judge-by-acls.ts'
import { answerWithAcls, partiesOf } from './answer-with-acls.ts'
import { answerOf, ofBlock, ofDenial, ofNothing, ofPolicies, ofRoot } from './answers.ts'
import type {
  Asking,
  Authorize,
  Coarse,
  Decider,
  KeysBelow,
  OwnedBucket,
  Resource,
} from './authorize.ts'
import { answerOfAccount, type OfAccount } from './authorize-on-account.ts'
import type { BucketPermissionCache, BucketPermissions } from './bucket-permissions.ts'
import type { Answer } from './decisions.ts'
import { isAbroad } from './find-bucket.ts'
import type { Identity } from './identity.ts'
import { accountId } from './owner.ts'
import { contextKeys } from './policy-context.ts'
import { isRootUser, type Standing, type StandingCache } from './standing.ts'

export type AuthorizeDeps = {
  readonly permissions: BucketPermissionCache
  readonly standings: StandingCache
  readonly metadata: Pick<MetadataStore, 'objects'>
}

export function makeAuthorize(deps: AuthorizeDeps): Authorize {
  return (asking) => new PolicyDecider(deps, asking)
}

/**
 * What nobody can take from the root user of the tenant that owns the bucket, so that no policy locks all out.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
const neverTaken: ReadonlySet<string> = new Set([
  's3:GetBucketPolicy',
  's3:PutBucketPolicy',
  's3:DeleteBucketPolicy',
])

/** So many answers are given at once; then others have their turn. */
const answersInARow = 32

/** What is asked of a bucket, or of an object in one. */
type InBucket = Extract<Resource, { is: 'bucket' | 'object' }>
type ObjectResource = Extract<Resource, { is: 'object' }>

/** Of nobody. */
const stranger: Standing = {
  principal: { is: 'anonymous' },
  ...{ arn: 'anonymous', userId: 'anonymous', type: 'User', tags: [] },
  ...{ policies: { identity: [] }, isRevoked: false },
}

class PolicyDecider implements Decider {
  private readonly deps: AuthorizeDeps
  private readonly asking: Asking
  /** What is known of him now. A refusal is never given on the word of what was known before. */
  private standing: Standing | undefined
  private isOfNow = false
  /** Of policies. */
  private answers = 0

  constructor(deps: AuthorizeDeps, asking: Asking) {
    this.deps = deps
    this.asking = asking
    if (asking.identity.is === 'anonymous') this.standing = stranger
    this.isOfNow = asking.identity.is === 'anonymous' || isRootUser(asking.identity)
  }

  allows(action: string, resource: Resource): boolean | Promise<boolean> {
    const standing = this.known()
    if (standing instanceof Promise) return standing.then(() => this.allows(action, resource))
    if (resource.is === 'bucket' || resource.is === 'object') {
      if (neverTaken.has(action) && !standing.isRevoked && this.isRootOf(resource.bucket))
        return this.note(action, ofRoot)
      const permissions = this.deps.permissions.of(resource.bucket)
      return permissions instanceof Promise
        ? permissions.then((found) => this.decide(found, action, resource))
        : this.decide(permissions, action, resource)
    }
    const { decisions } = this.asking
    if (decisions !== undefined && resource.is === 'identity')
      decisions.identityArn ??= resource.arn
    const answer = this.answerOfAccount(standing, action, resource)
    return answer.isAllowed || this.isOfNow
      ? this.note(action, answer)
      : this.lookAgain().then(() => this.allows(action, resource))
  }

  allowsBelow(action: string, below: KeysBelow): Coarse | Promise<Coarse> {
    const standing = this.known()
    if (standing instanceof Promise) return standing.then(() => this.allowsBelow(action, below))
    const permissions = this.deps.permissions.of(below.bucket)
    return permissions instanceof Promise
      ? permissions.then((found) => this.decideBelow(found, action, below))
      : this.decideBelow(permissions, action, below)
  }

  private known(): Standing | Promise<Standing> {
    if (this.standing !== undefined) return this.standing
    const { identity } = this.asking
    if (identity.is === 'anonymous') return stranger
    const found = this.deps.standings.of(identity)
    if (found instanceof Promise) {
      return found.then((standing) => this.learn(standing))
    }
    return this.learn(found)
  }

  private learn(standing: Standing): Standing {
    this.standing = standing
    const { decisions } = this.asking
    if (decisions !== undefined) decisions.caller = standing
    return standing
  }

  private async lookAgain(): Promise<void> {
    const { identity } = this.asking
    if (identity.is === 'user') this.learn(await this.deps.standings.now(identity))
    // Not before: what is asked meanwhile is answered by what was known.
    this.isOfNow = true
  }

  private decide(
    permissions: BucketPermissions,
    action: string,
    resource: InBucket,
  ): boolean | Promise<boolean> {
    const answer = this.answerOf(permissions, action, resource)
    if (answer instanceof Promise)
      return answer.then((found) => this.settle(found, action, resource))
    this.answers += 1
    return this.answers % answersInARow === 0
      ? setImmediate().then(() => this.settle(answer, action, resource))
      : this.settle(answer, action, resource)
  }

  private settle(answer: Answer, action: string, resource: InBucket): boolean | Promise<boolean> {
    if (answer.isAllowed || this.isOfNow) return this.note(action, answer)
    return this.lookAgain().then(() => this.allows(action, resource))
  }

  private answerOf(
    permissions: BucketPermissions,
    action: string,
    resource: InBucket,
  ): Answer | Promise<Answer> {
    const answer = this.answerOfPolicies(permissions, action, resource)
    const { acls } = permissions
    if (acls === undefined || this.standing?.isRevoked === true) return answer
    const { identity } = this.asking
    const asked = {
      ...{ action, acls, identity, resource },
      ownAllows: () => this.ownPoliciesAllow(action, resource),
      readObject: async () => (resource.is === 'object' ? this.read(resource) : undefined),
    }
    return answer instanceof Promise
      ? answer.then((byPolicies) => answerWithAcls(asked, byPolicies))
      : answerWithAcls(asked, answer)
  }

  /** As if the resource were of his own account, and had no policy. */
  private ownPoliciesAllow(action: string, resource: InBucket): boolean {
    const { identity } = this.asking
    if (identity.is === 'anonymous' || isRootUser(identity)) return true
    const request = this.requestOf(action, resource)
    const own = { ...request.resource, accountId: accountId(identity.tenantId) }
    const { policies } = this.standing ?? stranger
    return evaluate({ ...request, resource: own }, policies).is === 'allowed'
  }

  private answerOfPolicies(
    permissions: BucketPermissions,
    action: string,
    resource: InBucket,
  ): Answer | Promise<Answer> {
    const without = this.withoutPolicies(permissions, action, resource.bucket)
    if (without !== undefined) return without
    const judge = (existingTags?: readonly Tag[]) => {
      const request = this.requestOf(action, resource, existingTags)
      return answerOf(evaluate(request, this.policiesWith(permissions)))
    }
    const standing = this.standing ?? stranger
    const asksForTags = permissions.asksForTags || standing.asksForTags === true
    return asksForTags && resource.is === 'object' ? this.tagsOf(resource).then(judge) : judge()
  }

  private answerOfAccount(standing: Standing, action: string, resource: OfAccount): Answer {
    const { identity } = this.asking
    const context = this.contextOf(action, resource)
    return answerOfAccount({ identity, standing, action, resource, context })
  }

  private decideBelow(
    permissions: BucketPermissions,
    action: string,
    below: KeysBelow,
  ): Coarse | Promise<Coarse> {
    const { acls } = permissions
    const byPolicies = this.coarseOf(permissions, action, below)
    const coarse =
      acls === undefined || this.standing?.isRevoked === true
        ? byPolicies
        : judgeBelow({ ...partiesOf(this.asking.identity, below.bucket), acls, action }, byPolicies)
    if (coarse === 'none' && !this.isOfNow) {
      return this.lookAgain().then(() => this.allowsBelow(action, below))
    }
    // Of some, each key is asked for by itself.
    const isOwn = this.isRootOf(below.bucket)
    if (coarse === 'none') this.note(action, isOwn ? ofDenial : ofNothing)
    if (coarse === 'all') this.note(action, isOwn ? ofRoot : ofPolicies)
    return coarse
  }

  private coarseOf(permissions: BucketPermissions, action: string, below: KeysBelow): Coarse {
    const without = this.withoutPolicies(permissions, action, below.bucket)
    if (without !== undefined) return without.isAllowed ? 'all' : 'none'
    const request = this.requestOf(action, { is: 'bucket', bucket: below.bucket })
    return evaluateBelow(request, this.policiesWith(permissions), below.prefix)
  }

  /** The answer where no policy has a say; undefined where one has. */
  private withoutPolicies(
    { policy, isRestricted }: BucketPermissions,
    action: string,
    bucket: OwnedBucket,
  ): Answer | undefined {
    if (this.standing?.isRevoked === true) return ofNothing
    const { identity } = this.asking
    if (this.isRootOf(bucket)) return policy === undefined ? ofRoot : undefined
    const isOwn = isOfTenant(identity, bucket)
    // Actions of ours have no names in bucket policies: what says "all but …" or "all" does not mean them for others.
    if (!action.startsWith('s3:') && !isOwn) return ofNothing
    if (policy === undefined && !isOwn) return ofNothing
    return isRestricted && !isOwn ? ofBlock : undefined
  }

  private policiesWith({ policy }: BucketPermissions): Policies {
    const { policies } = this.standing ?? stranger
    return policy === undefined ? policies : { ...policies, resource: policy }
  }

  private note(action: string, answer: Answer): boolean {
    this.asking.decisions?.note(action, answer)
    return answer.isAllowed
  }

  private isRootOf(bucket: OwnedBucket): boolean {
    const { identity } = this.asking
    return identity.is === 'user' && isRootUser(identity) && isOfTenant(identity, bucket)
  }

  private requestOf(
    action: string,
    resource: InBucket,
    existingTags?: readonly Tag[],
  ): AccessRequest {
    const { tenantId, name } = resource.bucket
    const path = resource.is === 'object' ? `${name}/${resource.key}` : name
    const account = accountId(tenantId)
    const isNamedAbroad = isAbroad(this.asking.identity, resource.bucket)
    return {
      principal: (this.standing ?? stranger).principal,
      action,
      resource: {
        arn: `arn:aws:s3:::${path}`,
        accountId: account,
        ...(isNamedAbroad ? { arnAbroad: `arn:aws:s3::${account}:${path}` } : {}),
      },
      context: this.contextOf(action, resource, existingTags),
    }
  }

  private contextOf(
    action: string,
    resource: Resource,
    existingTags?: readonly Tag[],
  ): ContextKeys {
    const { identity, context } = this.asking
    const tags = existingTags === undefined ? {} : { existingTags }
    const standing = this.standing ?? stranger
    return contextKeys({ identity, standing, context, action, resource, ...tags })
  }

  /** Of the version that is named, else of the current one. */
  private async tagsOf(resource: ObjectResource): Promise<readonly Tag[] | undefined> {
    const found = await this.read(resource)
    return found?.is === 'object' ? found.tags : undefined
  }

  private async read({ bucket, key, versionId }: ObjectResource) {
    if (!('configRevision' in bucket)) return undefined
    return this.deps.metadata.objects.get(bucket, key, versionId)
  }
}

function isOfTenant(identity: Identity, { tenantId }: OwnedBucket): boolean {
  return identity.is === 'user' && identity.tenantId === tenantId
}
