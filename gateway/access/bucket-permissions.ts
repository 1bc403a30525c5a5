// What a bucket itself says of who may do what to it: its policy, and what of public access is blocked. It is kept by the
// bucket's `configRevision`, which comes with its row in each request: a change counts at once, in every process, and
// asking costs no read while nothing has changed.
import { LRUCache } from 'lru-cache'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, BucketId } from '../../metadata/records.ts'
import { type CompiledPolicy, compilePolicy } from '../../protocol/policy/compile-policy.ts'
import { namesKeyLike } from '../../protocol/policy/names-key-like.ts'
import { parsePolicy } from '../../protocol/policy/parse-policy.ts'
import { policySizes } from '../../protocol/policy/policy-sizes.ts'
import { isPublic } from '../../protocol/policy/public-policy.ts'
import { weighPolicy } from '../../protocol/policy/weigh-policy.ts'
import type { PublicAccessBlock } from '../../protocol/s3/xml/public-access-block.ts'
import type { OwnedBucket } from './authorize.ts'
import { namespaceOf } from './find-bucket.ts'

export type BucketPermissions = {
  /** Absent: nobody has put one. */
  readonly policy?: CompiledPolicy
  /**
   * The policy is public, and `RestrictPublicBuckets` leaves it to the account that owns the bucket.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
   */
  readonly isRestricted: boolean
  /** Conditions or names of resources ask for the tags that an object has, which are not in the request. */
  readonly asksForTags: boolean
}

type Held = {
  readonly revision: number
  readonly permissions: BucketPermissions
  readonly bytes: number
}

const nothing: BucketPermissions = { isRestricted: false, asksForTags: false }
const heldMax = 10_000
/** Of an entry without a policy. */
const entryBytes = 256
const heldBytesMax = 64 * 1024 * 1024
/** As conditions name the tag of an object, before its key. */
export const existingTag = 's3:existingobjecttag/'

/** What verdicts call the policy of any bucket. */
export const bucketPolicyName = 'bucket policy'

export class BucketPermissionCache {
  readonly #metadata: Pick<MetadataStore, 'buckets' | 'bucketConfigs'>
  readonly #held = new LRUCache<BucketId, Held>({
    max: heldMax,
    maxSize: heldBytesMax,
    sizeCalculation: ({ bytes }) => bytes,
  })

  constructor(metadata: Pick<MetadataStore, 'buckets' | 'bucketConfigs'>) {
    this.#metadata = metadata
  }

  /** Throws what the store throws. */
  of(bucket: OwnedBucket): BucketPermissions | Promise<BucketPermissions> {
    return isRow(bucket) ? this.#ofRow(bucket) : this.#ofNamed(bucket)
  }

  #ofRow(bucket: Bucket): BucketPermissions | Promise<BucketPermissions> {
    if (bucket.configRevision === 0) return nothing
    const held = this.#held.get(bucket.id)
    return held?.revision === bucket.configRevision ? held.permissions : this.#load(bucket)
  }

  /** By its name alone: it may be gone. */
  async #ofNamed({ tenantId, name }: OwnedBucket): Promise<BucketPermissions> {
    const bucket = await this.#metadata.buckets.get(namespaceOf(tenantId), name)
    return bucket?.tenantId === tenantId ? this.#ofRow(bucket) : nothing
  }

  /** It may be of a later revision than the row was, and is then looked for once more at worst. */
  async #load(bucket: Bucket): Promise<BucketPermissions> {
    const kinds = ['policy', 'publicAccessBlock'] as const
    const { policy, publicAccessBlock } = await this.#metadata.bucketConfigs.getMany(bucket, kinds)
    const permissions = permissionsOf(policy?.document, publicAccessBlock?.document)
    const bytes = entryBytes + (permissions.policy ? weighPolicy(permissions.policy) : 0)
    this.#held.set(bucket.id, { revision: bucket.configRevision, permissions, bytes })
    return permissions
  }
}

function isRow(bucket: OwnedBucket): bucket is Bucket {
  return 'configRevision' in bucket
}

function permissionsOf(
  text: string | undefined,
  block: PublicAccessBlock | undefined,
): BucketPermissions {
  if (text === undefined) return nothing
  const policy = compileBucketPolicy(text)
  return {
    policy,
    isRestricted: block?.restrictPublicBuckets === true && isPublic(policy),
    asksForTags: namesKeyLike(policy, existingTag),
  }
}

/** Throws `PolicyRefused`. `bucket`: the name of the one that it is put on. */
export function compileBucketPolicy(text: string | Buffer, bucket?: string): CompiledPolicy {
  const ofBucket = bucket === undefined ? {} : { bucket }
  const options = { kind: 'resource', size: policySizes.bucket, ...ofBucket } as const
  return compilePolicy(parsePolicy(text, options), bucketPolicyName)
}
