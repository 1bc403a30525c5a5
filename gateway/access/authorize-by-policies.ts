// Who may do what: the root user of a tenant anything to what the tenant owns, unless the bucket's policy denies it;
// everybody else what that policy allows, anonymous callers and other tenants too.
import { setImmediate } from 'node:timers/promises'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Tag } from '../../metadata/records.ts'
import type { AccessRequest, Principal } from '../../protocol/policy/access-request.ts'
import {
  evaluate,
  type DecidedBy as StatementOfVerdict,
  type Verdict,
} from '../../protocol/policy/evaluate.ts'
import { evaluateBelow } from '../../protocol/policy/evaluate-below.ts'
import type {
  Asking,
  Authorize,
  Coarse,
  Decider,
  KeysBelow,
  OwnedBucket,
  Resource,
} from './authorize.ts'
import {
  type BucketPermissionCache,
  type BucketPermissions,
  bucketPolicyName,
} from './bucket-permissions.ts'
import { type Answer, byNothing, byRoot, type StatementName } from './decisions.ts'
import { type Identity, rootUserName } from './identity.ts'
import { accountId, ownerId, rootArn } from './owner.ts'
import { contextKeys } from './policy-context.ts'

export type AuthorizeDeps = {
  readonly permissions: BucketPermissionCache
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

class PolicyDecider implements Decider {
  private readonly deps: AuthorizeDeps
  private readonly asking: Asking
  /** Of policies. */
  private answers = 0

  constructor(deps: AuthorizeDeps, asking: Asking) {
    this.deps = deps
    this.asking = asking
  }

  allows(action: string, resource: Resource): boolean | Promise<boolean> {
    const { identity } = this.asking
    if (resource.is === 'service') return this.note(action, isRoot(identity) ? ofRoot : ofNothing)
    if (neverTaken.has(action) && this.owns(resource.bucket)) return this.note(action, ofRoot)
    const permissions = this.deps.permissions.of(resource.bucket)
    return permissions instanceof Promise
      ? permissions.then((found) => this.decide(found, action, resource))
      : this.decide(permissions, action, resource)
  }

  allowsBelow(action: string, below: KeysBelow): Coarse | Promise<Coarse> {
    const permissions = this.deps.permissions.of(below.bucket)
    return permissions instanceof Promise
      ? permissions.then((found) => this.decideBelow(found, action, below))
      : this.decideBelow(permissions, action, below)
  }

  private decide(
    permissions: BucketPermissions,
    action: string,
    resource: Exclude<Resource, { is: 'service' }>,
  ): boolean | Promise<boolean> {
    const { policy } = permissions
    const without = this.withoutPolicy(permissions, action, resource.bucket)
    if (without !== undefined || policy === undefined) return this.note(action, without)
    const judge = (existingTags?: readonly Tag[]) => {
      const request = this.requestOf(action, resource, existingTags)
      return this.note(action, answerOf(evaluate(request, { identity: [], resource: policy })))
    }
    this.answers += 1
    if (permissions.asksForTags && resource.is === 'object') {
      return this.tagsOf(resource).then(judge)
    }
    return this.answers % answersInARow === 0 ? setImmediate().then(() => judge()) : judge()
  }

  private decideBelow(permissions: BucketPermissions, action: string, below: KeysBelow): Coarse {
    const { policy } = permissions
    const without = this.withoutPolicy(permissions, action, below.bucket)
    if (without !== undefined || policy === undefined) {
      return this.note(action, without) ? 'all' : 'none'
    }
    const request = this.requestOf(action, { is: 'bucket', bucket: below.bucket })
    const coarse = evaluateBelow(request, { identity: [], resource: policy }, below.prefix)
    // Of some, each key is asked for by itself.
    if (coarse === 'none') this.note(action, this.owns(below.bucket) ? ofDenial : ofNothing)
    if (coarse === 'all') this.note(action, this.owns(below.bucket) ? ofRoot : ofPolicy)
    return coarse
  }

  /** The answer where the policy has no say; undefined where it has. */
  private withoutPolicy(
    { policy, isRestricted }: BucketPermissions,
    action: string,
    bucket: OwnedBucket,
  ): Answer | undefined {
    const { identity } = this.asking
    if (policy === undefined) return this.owns(bucket) ? ofRoot : ofNothing
    // Actions of ours have no names in policies: what says "all but …" or "all" does not mean them for others.
    if (!action.startsWith('s3:') && !this.owns(bucket)) return ofNothing
    return isRestricted && !isOfTenant(identity, bucket) ? ofBlock : undefined
  }

  private note(action: string, answer: Answer = ofNothing): boolean {
    this.asking.decisions?.note(action, answer)
    return answer.isAllowed
  }

  private owns(bucket: OwnedBucket): boolean {
    const { identity } = this.asking
    return isRoot(identity) && isOfTenant(identity, bucket)
  }

  private requestOf(
    action: string,
    resource: Exclude<Resource, { is: 'service' }>,
    existingTags?: readonly Tag[],
  ): AccessRequest {
    const { identity, context } = this.asking
    const { tenantId, name } = resource.bucket
    const path = resource.is === 'object' ? `${name}/${resource.key}` : name
    const tags = existingTags === undefined ? {} : { existingTags }
    return {
      principal: principalOf(identity),
      action,
      resource: { arn: `arn:aws:s3:::${path}`, accountId: accountId(tenantId) },
      context: contextKeys({ identity, context, action, resource, ...tags }),
    }
  }

  /** Of the version that is named, else of the current one. */
  private async tagsOf({
    bucket,
    key,
    versionId,
  }: Extract<Resource, { is: 'object' }>): Promise<readonly Tag[] | undefined> {
    if (!('configRevision' in bucket)) return undefined
    const found = await this.deps.metadata.objects.get(bucket, key, versionId)
    return found?.is === 'object' ? found.tags : undefined
  }
}

const ofRoot: Answer = { isAllowed: true, by: byRoot }
const ofNothing: Answer = { isAllowed: false, by: byNothing }
/** Of all keys below a prefix: several statements may have a part in it. */
const ofPolicy: Answer = { isAllowed: true, by: { is: 'policy', policy: bucketPolicyName } }
const ofDenial: Answer = { isAllowed: false, by: { is: 'policy', policy: bucketPolicyName } }
const ofBlock: Answer = { isAllowed: false, by: { is: 'publicAccessBlock' } }

function answerOf(verdict: Verdict): Answer {
  switch (verdict.is) {
    case 'allowed':
      return verdict.by === 'root user'
        ? ofRoot
        : { isAllowed: true, by: { is: 'statement', ...nameOf(verdict.by) } }
    case 'explicitly denied':
      return { isAllowed: false, by: { is: 'statement', ...nameOf(verdict.by) } }
    case 'implicitly denied':
      return ofNothing
    default:
      return verdict satisfies never
  }
}

function nameOf({ policy, sid, index }: StatementOfVerdict): StatementName {
  return { policy, index, ...(sid === undefined ? {} : { sid }) }
}

function isRoot(identity: Identity): boolean {
  return identity.is === 'user' && identity.userName === rootUserName
}

function isOfTenant(identity: Identity, { tenantId }: OwnedBucket): boolean {
  return identity.is === 'user' && identity.tenantId === tenantId
}

/** There are no users yet but root. */
function principalOf(identity: Identity): Principal {
  if (identity.is === 'anonymous' || !isRoot(identity)) return { is: 'anonymous' }
  const { tenantId } = identity
  return {
    is: 'root',
    arn: rootArn(tenantId),
    accountId: accountId(tenantId),
    canonicalUserId: ownerId(tenantId),
  }
}
