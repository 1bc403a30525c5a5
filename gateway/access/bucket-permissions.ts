// What a bucket itself says of who may do what to it: its policy, and what of public access is blocked.

import type { ConfigDocuments } from '../../metadata/bucket-config-kinds.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import { type CompiledPolicy, compilePolicy } from '../../protocol/policy/compile-policy.ts'
import { namesKeyLike } from '../../protocol/policy/names-key-like.ts'
import { parsePolicy } from '../../protocol/policy/parse-policy.ts'
import { policySizes } from '../../protocol/policy/policy-sizes.ts'
import { isPublic as isPublicPolicy } from '../../protocol/policy/public-policy.ts'
import { weighPolicy } from '../../protocol/policy/weigh-policy.ts'
import type { PublicAccessBlock } from '../../protocol/s3/xml/public-access-block.ts'
import type { AccountBlocks } from '../acl/account-blocks.ts'
import { type BucketAcls, blockedToo, bucketAcls } from '../acl/bucket-acls.ts'
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
  /** The policy is public. */
  readonly isPublic: boolean
  /** Absent: the bucket has no ACLs. */
  readonly acls?: BucketAcls
  /** Conditions or names of resources ask for the tags that an object has, which are not in the request. */
  readonly asksForTags: boolean
}

const nothing: BucketPermissions = { isPublic: false, isRestricted: false, asksForTags: false }
/** Of an entry without a policy. */
const entryBytes = 256
/** Of a grant. */
const grantBytes = 256
const heldMax = 10_000
const heldBytesMax = 64 * 1024 * 1024
/** As conditions name the tag of an object, before its key. */
export const existingTag = 's3:existingobjecttag/'

/** What verdicts call the policy of any bucket. */
export const bucketPolicyName = 'bucket policy'

export class BucketPermissionCache {
  readonly #metadata: Pick<MetadataStore, 'buckets' | 'bucketConfigs' | 'tenants'>
  readonly #accounts: AccountBlocks
  readonly #held: ByRevision<BucketPermissions>

  constructor(
    metadata: Pick<MetadataStore, 'buckets' | 'bucketConfigs' | 'tenants'>,
    accounts: AccountBlocks,
  ) {
    this.#metadata = metadata
    this.#accounts = accounts
    this.#held = new ByRevision({
      bytesMax: heldBytesMax,
      countMax: heldMax,
      weigh: ({ policy, acls }) =>
        entryBytes +
        (acls?.grants.length ?? 0) * grantBytes +
        (policy === undefined ? 0 : weighPolicy(policy)),
      load: async (bucket) => {
        const kinds = ['policy', 'publicAccessBlock', 'ownership', 'acl'] as const
        const found = await metadata.bucketConfigs.getMany(bucket, kinds)
        return permissionsOf({
          ...(found.policy && { policy: found.policy.document }),
          ...(found.publicAccessBlock && { publicAccessBlock: found.publicAccessBlock.document }),
          ...(found.ownership && { ownership: found.ownership.document }),
          ...(found.acl && { acl: found.acl.document }),
        })
      },
      unset: nothing,
    })
  }

  /** Throws what the store throws. */
  of(bucket: OwnedBucket): BucketPermissions | Promise<BucketPermissions> {
    return isRow(bucket) ? this.#ofRow(bucket) : this.#ofNamed(bucket)
  }

  #ofRow(bucket: Bucket): BucketPermissions | Promise<BucketPermissions> {
    const found = this.#held.of(bucket)
    return found instanceof Promise
      ? found.then((of) => this.#withAccount(of, bucket.tenantId))
      : this.#withAccount(found, bucket.tenantId)
  }

  /** What the account blocks joins what the bucket does, where that leaves anything to block. */
  #withAccount(
    found: BucketPermissions,
    tenantId: TenantId,
  ): BucketPermissions | Promise<BucketPermissions> {
    const { acls, isPublic, isRestricted } = found
    const isOpen = acls !== undefined && !(acls.blocksPublic && acls.ignoresPublic)
    if (!isOpen && (!isPublic || isRestricted)) return found
    const block = this.#accounts.of(tenantId)
    return block instanceof Promise
      ? block.then((known) => blockedByAccount(found, known))
      : blockedByAccount(found, block)
  }

  /** By its name alone: it may be gone. */
  async #ofNamed({ tenantId, name }: OwnedBucket): Promise<BucketPermissions> {
    const bucket = await findBucket(this.#metadata, tenantId, name)
    return bucket === undefined ? nothing : this.#ofRow(bucket)
  }
}

function isRow(bucket: OwnedBucket): bucket is Bucket {
  return 'configRevision' in bucket
}

function permissionsOf(documents: Partial<ConfigDocuments>): BucketPermissions {
  const acls = bucketAcls(documents)
  const ofAcls = acls === undefined ? nothing : { ...nothing, acls }
  if (documents.policy === undefined) return ofAcls
  const policy = compileBucketPolicy(documents.policy)
  const isPublic = isPublicPolicy(policy)
  return {
    ...ofAcls,
    policy,
    isPublic,
    isRestricted: documents.publicAccessBlock?.restrictPublicBuckets === true && isPublic,
    asksForTags: namesKeyLike(policy, existingTag),
  }
}

function blockedByAccount(
  found: BucketPermissions,
  block: PublicAccessBlock | undefined,
): BucketPermissions {
  if (block === undefined) return found
  const { acls, isPublic, isRestricted } = found
  return {
    ...found,
    isRestricted: isRestricted || (isPublic && block.restrictPublicBuckets),
    ...(acls === undefined ? {} : { acls: blockedToo(acls, block) }),
  }
}

/** Throws `PolicyRefused`. `bucket`: the name of the one that it is put on. */
export function compileBucketPolicy(text: string | Buffer, bucket?: string): CompiledPolicy {
  const ofBucket = bucket === undefined ? {} : { bucket }
  const options = { kind: 'resource', size: policySizes.bucket, ...ofBucket } as const
  return compilePolicy(parsePolicy(text, options), bucketPolicyName)
}
