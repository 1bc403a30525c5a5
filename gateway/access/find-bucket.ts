// Which bucket a name means: found by namespace and name, whoever asks. Whether he may know of it is asked
// afterwards.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace, type Namespace } from '../../metadata/namespaces.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import { isBucketName } from '../../protocol/s3/bucket-name.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
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

/** For those who have not proven who they are, and so are of no tenant. */
export async function findNamedBucket(
  { buckets }: Buckets,
  name: string | undefined,
): Promise<Bucket | undefined> {
  if (name === undefined || !isBucketName(name)) return undefined
  return buckets.get(defaultNamespace, name)
}

/** Throws `NoSuchBucket`; and `AccessDenied` to anonymous callers for what can be no bucket. */
export async function requireBucket(
  { buckets }: Buckets,
  name: string,
  identity: Identity,
): Promise<Bucket> {
  const bucket = await buckets.get(namespaceOf(identity), name)
  if (bucket !== undefined) return bucket
  if (identity.is === 'anonymous' && !isBucketName(name)) throw new S3Error('AccessDenied')
  throw new S3Error('NoSuchBucket', { BucketName: name })
}
