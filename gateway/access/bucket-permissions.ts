// What a bucket itself says of who may do what to it: its policy, and what of public access is blocked.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import { type CompiledPolicy, compilePolicy } from '../../protocol/policy/compile-policy.ts'
import { namesKeyLike } from '../../protocol/policy/names-key-like.ts'
import { parsePolicy } from '../../protocol/policy/parse-policy.ts'
import { policySizes } from '../../protocol/policy/policy-sizes.ts'
import { isPublic } from '../../protocol/policy/public-policy.ts'
import { weighPolicy } from '../../protocol/policy/weigh-policy.ts'
import type { PublicAccessBlock } from '../../protocol/s3/xml/public-access-block.ts'
import type { OwnedBucket } from './authorize.ts'
import { ByRevision } from './by-revision.ts'
import { findBucket } from './find-bucket.ts'

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

const nothing: BucketPermissions = { isRestricted: false, asksForTags: false }
/** Of an entry without a policy. */
const entryBytes = 256
const heldMax = 10_000
const heldBytesMax = 64 * 1024 * 1024
/** As conditions name the tag of an object, before its key. */
export const existingTag = 's3:existingobjecttag/'

/** What verdicts call the policy of any bucket. */
export const bucketPolicyName = 'bucket policy'

export class BucketPermissionCache {
  readonly #metadata: Pick<MetadataStore, 'buckets' | 'bucketConfigs' | 'tenants'>
  readonly #held: ByRevision<BucketPermissions>

  constructor(metadata: Pick<MetadataStore, 'buckets' | 'bucketConfigs' | 'tenants'>) {
    this.#metadata = metadata
    this.#held = new ByRevision({
      bytesMax: heldBytesMax,
      countMax: heldMax,
      weigh: ({ policy }) => entryBytes + (policy === undefined ? 0 : weighPolicy(policy)),
      load: async (bucket) => {
        const kinds = ['policy', 'publicAccessBlock'] as const
        const { policy, publicAccessBlock } = await metadata.bucketConfigs.getMany(bucket, kinds)
        return permissionsOf(policy?.document, publicAccessBlock?.document)
      },
      unset: nothing,
    })
  }

  /** Throws what the store throws. */
  of(bucket: OwnedBucket): BucketPermissions | Promise<BucketPermissions> {
    return isRow(bucket) ? this.#held.of(bucket) : this.#ofNamed(bucket)
  }

  /** By its name alone: it may be gone. */
  async #ofNamed({ tenantId, name }: OwnedBucket): Promise<BucketPermissions> {
    const bucket = await findBucket(this.#metadata, tenantId, name)
    return bucket === undefined ? nothing : this.#held.of(bucket)
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
