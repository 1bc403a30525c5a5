// Which permissions archive jobs ask for: when one is ordered, and again of the same caller when it runs.
import type { JobOf } from '../../metadata/job-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { OwnedBucket } from '../access/authorize.ts'
import { requireBucket } from '../access/find-bucket.ts'
import { type AllowsKey, type Asker, permittedKeys, requirePermission } from '../access/require.ts'
import { type NativeAsker, openBucket, permitOnBucket } from '../native-api/native-permission.ts'
import type { NativeCall } from '../native-api/native-route.ts'
import type { ArchiveOrder } from './archive-request.ts'
import { findResult } from './job-holdings.ts'

export type PermittedOrder = {
  readonly bucket: Bucket
  /** Absent: all that lies below the prefix may be read. */
  readonly readable: AllowsKey | undefined
}

/** Throws `NoSuchBucket`, `AccessDenied`, and `InvalidRequest` for buckets of two tenants. */
export async function permitOrder(
  call: NativeCall,
  asker: NativeAsker,
  { bucketName, prefix, destination }: ArchiveOrder,
): Promise<PermittedOrder> {
  const wanted = { action: 'holdfast:CreateArchive', name: bucketName }
  const bucket = await openBucket(call, asker, wanted)
  const readable = await permitReading(asker, bucket, prefix)
  const { metadata } = call.services
  const into = await requireBucket(metadata, { name: destination.bucketName }, asker.identity)
  const { key } = destination
  await requirePermission(asker, 's3:PutObject', { is: 'object', bucket: into, key })
  if (into.tenantId === bucket.tenantId) return { bucket, readable }
  throw new S3Error('InvalidRequest', undefined, {
    message: 'An archive is stored in a bucket of the tenant whose objects it holds.',
  })
}

async function permitReading(
  asker: Asker,
  bucket: OwnedBucket,
  prefix: string,
): Promise<AllowsKey | undefined> {
  await requirePermission(asker, 's3:ListBucket', { is: 'bucket', bucket, prefix })
  return permittedKeys(asker, 's3:GetObject', { bucket, prefix })
}

/** What a job needs when it runs. Throws `AccessDenied`. The bucket of its source may be gone. */
export async function permitRun(
  asker: Asker,
  { tenantId, payload }: JobOf<'archive'>,
  into: Bucket,
): Promise<AllowsKey | undefined> {
  const { bucketName, prefix, destination } = payload
  const bucket = { tenantId, name: bucketName }
  const { key } = destination
  await requirePermission(asker, 'holdfast:CreateArchive', { is: 'bucket', bucket })
  await requirePermission(asker, 's3:PutObject', { is: 'object', bucket: into, key })
  return permitReading(asker, bucket, prefix)
}

/** As for the version itself, where there is one. Throws `AccessDenied`. The buckets may be gone. */
export async function permitDeletion(
  metadata: Parameters<typeof findResult>[0],
  asker: NativeAsker,
  job: JobOf<'archive'>,
): Promise<void> {
  const { tenantId, payload } = job
  const { bucketName, destination } = payload
  await permitOnBucket(asker, 'holdfast:DeleteArchive', { tenantId, name: bucketName })
  const { key } = destination
  const found = await findResult(metadata, job)
  if (found === undefined) {
    const bucket = { tenantId, name: destination.bucketName }
    await requirePermission(asker, 's3:DeleteObject', { is: 'object', bucket, key })
    return
  }
  const { bucket, version } = found
  const { versionId } = version
  const action = bucket.versioning === 'off' ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
  await requirePermission(asker, action, { is: 'object', bucket, key, versionId })
}
