// Which bucket a name means: found by namespace and name, whoever asks. Whether he may know of it is asked
// afterwards.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace, type Namespace } from '../../metadata/namespaces.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import { isBucketName } from '../../protocol/s3/bucket-name.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { AddressedTenant } from './addressed-tenant.ts'
import type { OwnedBucket } from './authorize.ts'
import type { Identity } from './identity.ts'

type Buckets = Pick<MetadataStore, 'buckets'>

/** Where the names are looked up that somebody writes. Who is of no tenant writes those of all. */
export function namespaceOf(identity: Identity): Namespace {
  return identity.is === 'user' ? identity.namespace : defaultNamespace
}

/** Of those that the tenant itself owns, by the name that it has for it. */
export async function findBucket(
  { buckets, tenants }: Pick<MetadataStore, 'buckets' | 'tenants'>,
  tenantId: TenantId,
  name: string,
): Promise<Bucket | undefined> {
  const tenant = await tenants.get(tenantId)
  const bucket = tenant && (await buckets.get(tenant.namespace, name))
  return bucket?.tenantId === tenantId ? bucket : undefined
}

/** In another tenant's namespace: its names may be names in the caller's own too, of other buckets. */
export function isAbroad(identity: Identity, bucket: OwnedBucket): boolean {
  if (identity.is !== 'user' || !('namespace' in bucket)) return false
  return bucket.namespace !== identity.namespace && bucket.tenantId !== identity.tenantId
}

/** As an address names a bucket. */
export type NamedBucket = {
  readonly name: string | undefined
  /** Absent: the address does not say whose it is. */
  readonly owner?: AddressedTenant | undefined
}

/** For those who have not proven who they are, and so are of no tenant. */
export async function findNamedBucket(
  { buckets }: Buckets,
  { name, owner }: NamedBucket,
): Promise<Bucket | undefined> {
  if (name === undefined || !isBucketName(name)) return undefined
  return owner === undefined ? buckets.get(defaultNamespace, name) : ofTenant(buckets, name, owner)
}

/**
 * Throws `NoSuchBucket`; and `AccessDenied` to anonymous callers for what can be no bucket. Of a tenant that the address
 * names, its buckets alone are found, and others learn nothing by it: what is not there is refused to them like what is not
 * theirs.
 */
export async function requireBucket(
  { buckets }: Buckets,
  { name = '', owner }: NamedBucket,
  identity: Identity,
): Promise<Bucket> {
  if (owner !== undefined) return requireAddressed(buckets, { name, owner, identity })
  const bucket = await buckets.get(namespaceOf(identity), name)
  if (bucket !== undefined) return bucket
  if (identity.is === 'anonymous' && !isBucketName(name)) throw new S3Error('AccessDenied')
  throw new S3Error('NoSuchBucket', { BucketName: name })
}

type Addressed = {
  readonly name: string
  readonly owner: AddressedTenant
  readonly identity: Identity
}

async function requireAddressed(
  buckets: Buckets['buckets'],
  { name, owner, identity }: Addressed,
): Promise<Bucket> {
  const isOwn = isOwnTenant(identity, owner)
  const bucket = isBucketName(name) ? await ofTenant(buckets, name, owner) : undefined
  if (bucket !== undefined) return bucket
  throw isOwn ? new S3Error('NoSuchBucket', { BucketName: name }) : new S3Error('AccessDenied')
}

export function isOwnTenant(identity: Identity, owner: AddressedTenant): boolean {
  return owner.is === 'tenant' && identity.is === 'user' && identity.tenantId === owner.tenantId
}

/** Nothing of a tenant that is suspended: none of its own get so far. */
async function ofTenant(
  buckets: Buckets['buckets'],
  name: string,
  owner: AddressedTenant,
): Promise<Bucket | undefined> {
  if (owner.is === 'nobody' || !owner.isActive) return undefined
  const bucket = await buckets.get(owner.namespace, name)
  return bucket?.tenantId === owner.tenantId ? bucket : undefined
}
