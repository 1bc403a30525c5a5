// Which bucket a name means: found by namespace and name, whoever asks. Whether he may know of it is asked
// afterwards.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace, type Namespace } from '../../metadata/namespaces.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import { isBucketName } from '../../protocol/s3/bucket-name.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Identity } from './identity.ts'

type Buckets = Pick<MetadataStore, 'buckets'>

/** Where names are looked up that a tenant writes; undefined: that somebody writes who is of none. */
export function namespaceOf(_tenantId: TenantId | undefined): Namespace {
  return defaultNamespace
}

/** Of those that the tenant itself owns. */
export async function findBucket(
  { buckets }: Buckets,
  tenantId: TenantId,
  name: string,
): Promise<Bucket | undefined> {
  const bucket = await buckets.get(namespaceOf(tenantId), name)
  return bucket?.tenantId === tenantId ? bucket : undefined
}

/** For those who have not proven who they are, and so are of no tenant. */
export async function findNamedBucket(
  { buckets }: Buckets,
  name: string | undefined,
): Promise<Bucket | undefined> {
  if (name === undefined || !isBucketName(name)) return undefined
  return buckets.get(namespaceOf(undefined), name)
}

/** Throws `NoSuchBucket`; and `AccessDenied` to anonymous callers for what can be no bucket. */
export async function requireBucket(
  { buckets }: Buckets,
  name: string,
  identity: Identity,
): Promise<Bucket> {
  const isUser = identity.is === 'user'
  const bucket = await buckets.get(namespaceOf(isUser ? identity.tenantId : undefined), name)
  if (bucket !== undefined) return bucket
  if (!isUser && !isBucketName(name)) throw new S3Error('AccessDenied')
  throw new S3Error('NoSuchBucket', { BucketName: name })
}
