// Buckets by namespace and name, and by who owns them. What is in them: `objects.ts`, `uploads.ts`.

import type { BucketStore, NewBucket } from '../bucket-store.ts'
import { encodeBucket, parseBucket } from '../codec/tenancy-codec.ts'
import type { BucketRef, NoSuchBucket } from '../metadata-store.ts'
import type { Namespace } from '../namespaces.ts'
import { parseBucketId } from '../record-ids.ts'
import type { Bucket, BucketId, TenantId } from '../records.ts'
import { putFirstConfigs, removeConfigs } from './bucket-config-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { appendRelease } from './outbox-rows.ts'
import { bucketIdBytes, bucketKey, justAfter, ownedBucketKey, rangeOf } from './row-keys.ts'
import { beginUsage, endUsage } from './usage-rows.ts'

export type Random = (bytes: number) => Buffer

/** No name of a bucket is longer. One that a request gives may be, and longer than any key. */
const nameBytesMax = 255
const noValue = Buffer.alloc(0)

/** The bucket as it is now, unless it was deleted, or deleted and made again. */
export function liveBucket(tables: Tables, ref: BucketRef): Bucket | undefined {
  const bucket = bucketByName(tables, ref.namespace, ref.name)
  return bucket?.id === ref.id ? bucket : undefined
}

/** Files a bucket under its name and its owner. */
export function putBucket({ buckets, bucketsOfTenants }: Tables, bucket: Bucket): void {
  buckets.put(bucketKey(bucket.namespace, bucket.name), encodeBucket(bucket))
  bucketsOfTenants.put(ownedBucketKey(bucket), noValue)
}

export function lmdbBuckets(env: LmdbEnvironment, random: Random): BucketStore {
  const change = (ref: BucketRef, make: (bucket: Bucket) => Bucket) =>
    env.write((tables): { is: 'done' } | NoSuchBucket => {
      const bucket = liveBucket(tables, ref)
      if (bucket === undefined) return { is: 'noSuchBucket' }
      tables.buckets.put(bucketKey(ref.namespace, ref.name), encodeBucket(make(bucket)))
      return { is: 'done' }
    })

  return {
    create: (fresh) =>
      env.add((tables) => {
        const existing = bucketByName(tables, fresh.namespace, fresh.name)
        if (existing) return { is: 'exists', bucket: existing }
        return { is: 'created', bucket: makeBucket(tables, fresh, drawBucketId(random)) }
      }),

    get: async (namespace, name) => env.read((tables) => bucketByName(tables, namespace, name)),

    delete: (ref) =>
      env.write((tables) => {
        const bucket = liveBucket(tables, ref)
        if (bucket === undefined) return { is: 'noSuchBucket' }
        const inBucket = rangeOf(Buffer.from(ref.id, 'hex'))
        if (!tables.objects.isEmpty(inBucket) || !tables.versions.isEmpty(inBucket)) {
          return { is: 'notEmpty' }
        }
        tables.buckets.remove(bucketKey(bucket.namespace, bucket.name))
        tables.bucketsOfTenants.remove(ownedBucketKey(bucket))
        endUsage(tables, bucket)
        removeConfigs(tables, ref.id)
        if (!tables.uploads.isEmpty(inBucket)) {
          appendRelease(tables, bucket.tenantId, { what: 'bucketUploads', bucketId: ref.id })
        }
        return { is: 'deleted' }
      }),

    list: async (tenantId, page) => env.read((tables) => listOwned(tables, tenantId, page)),

    setVersioning: (ref, versioning) => change(ref, (bucket) => ({ ...bucket, versioning })),
  }
}

function makeBucket(tables: Tables, { configs = {}, ...fresh }: NewBucket, id: BucketId): Bucket {
  const firstRevision = putFirstConfigs(tables, id, configs)
  const bucket: Bucket = { ...fresh, id, versioning: 'off', configRevision: firstRevision }
  putBucket(tables, bucket)
  beginUsage(tables, bucket)
  return bucket
}

type OwnedPage = Parameters<BucketStore['list']>[1]

function listOwned(
  tables: Tables,
  tenantId: TenantId,
  { namespace, prefix, after, limit }: OwnedPage,
): Awaited<ReturnType<BucketStore['list']>> {
  const buckets: Bucket[] = []
  if (prefix.length > nameBytesMax || limit <= 0) return { buckets, isTruncated: false }
  const range = rangeOf(ownedBucketKey({ tenantId, namespace, name: prefix }))
  const resumed = after?.slice(0, nameBytesMax)
  const behind =
    resumed === undefined
      ? range.start
      : justAfter(ownedBucketKey({ tenantId, namespace, name: resumed }))
  const start = behind.compare(range.start) > 0 ? behind : range.start
  if (start.compare(range.end) >= 0) return { buckets, isTruncated: false }
  const nameAt = ownedBucketKey({ tenantId, namespace, name: '' }).length
  const keys = tables.bucketsOfTenants.keys({ start, end: range.end, limit: limit + 1 })
  for (const key of keys.slice(0, limit)) {
    const bucket = bucketByName(tables, namespace, key.toString('utf8', nameAt))
    if (bucket !== undefined) buckets.push(bucket)
  }
  return { buckets, isTruncated: keys.length > limit }
}

function bucketByName(tables: Tables, namespace: Namespace, name: string): Bucket | undefined {
  if (name.length > nameBytesMax) return undefined
  const bytes = tables.buckets.get(bucketKey(namespace, name))
  return bytes && parseBucket(bytes)
}

function drawBucketId(random: Random): BucketId {
  const id = parseBucketId(random(bucketIdBytes).toString('hex'))
  if (id === undefined) throw new RangeError(`random() must give ${bucketIdBytes} bytes`)
  return id
}
