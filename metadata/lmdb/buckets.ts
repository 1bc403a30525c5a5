// Buckets by tenant and name. What is in them: `objects.ts`, `uploads.ts`.
import { encodeBucket, parseBucket } from '../codec/tenancy-codec.ts'
import type { BucketRef, BucketStore, NoSuchBucket } from '../metadata-store.ts'
import { parseBucketId } from '../record-ids.ts'
import type { Bucket, BucketId, TenantId } from '../records.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { appendRelease } from './outbox-rows.ts'
import { bucketIdBytes, bucketKey, justAfter, rangeOf } from './row-keys.ts'

export type Random = (bytes: number) => Buffer

/** The bucket as it is now, unless it was deleted, or deleted and made again. */
export function liveBucket(tables: Tables, ref: BucketRef): Bucket | undefined {
  const bucket = bucketByName(tables, ref.tenantId, ref.name)
  return bucket?.id === ref.id ? bucket : undefined
}

export function lmdbBuckets(env: LmdbEnvironment, random: Random): BucketStore {
  const change = (ref: BucketRef, make: (bucket: Bucket) => Bucket) =>
    env.write((tables): { is: 'done' } | NoSuchBucket => {
      const bucket = liveBucket(tables, ref)
      if (bucket === undefined) return { is: 'noSuchBucket' }
      tables.buckets.put(bucketKey(ref.tenantId, ref.name), encodeBucket(make(bucket)))
      return { is: 'done' }
    })

  return {
    create: (fresh) =>
      env.add((tables) => {
        const existing = bucketByName(tables, fresh.tenantId, fresh.name)
        if (existing) return { is: 'exists', bucket: existing }
        const bucket: Bucket = { ...fresh, id: drawBucketId(random), versioning: 'off' }
        tables.buckets.put(bucketKey(bucket.tenantId, bucket.name), encodeBucket(bucket))
        return { is: 'created', bucket }
      }),

    get: async (tenantId, name) => env.read((tables) => bucketByName(tables, tenantId, name)),

    delete: (ref) =>
      env.write((tables) => {
        if (liveBucket(tables, ref) === undefined) return { is: 'noSuchBucket' }
        const inBucket = rangeOf(Buffer.from(ref.id, 'hex'))
        if (!tables.listing.isEmpty(inBucket) || !tables.versions.isEmpty(inBucket)) {
          return { is: 'notEmpty' }
        }
        tables.buckets.remove(bucketKey(ref.tenantId, ref.name))
        if (!tables.uploads.isEmpty(inBucket)) {
          appendRelease(tables, ref.tenantId, { what: 'bucketUploads', bucketId: ref.id })
        }
        return { is: 'deleted' }
      }),

    list: async (tenantId, { prefix, after, limit }) =>
      env.read((tables) => {
        if (prefix.length > 255) return { buckets: [], isTruncated: false }
        const range = rangeOf(bucketKey(tenantId, prefix))
        const resumed =
          after === undefined ? undefined : justAfter(bucketKey(tenantId, after.slice(0, 255)))
        const start =
          resumed !== undefined && resumed.compare(range.start) > 0 ? resumed : range.start
        const buckets: Bucket[] = []
        if (limit <= 0 || start.compare(range.end) >= 0) return { buckets, isTruncated: false }
        for (const row of tables.buckets.rows({ start, end: range.end })) {
          if (buckets.length === limit) return { buckets, isTruncated: true }
          buckets.push(parseBucket(row.value))
        }
        return { buckets, isTruncated: false }
      }),

    setVersioning: (ref, versioning) => change(ref, (bucket) => ({ ...bucket, versioning })),
    setTags: (ref, tags) => change(ref, (bucket) => ({ ...bucket, tags })),
  }
}

function bucketByName(tables: Tables, tenantId: TenantId, name: string): Bucket | undefined {
  // A name out of a request may be longer than any bucket's, and than any key.
  if (name.length > 255) return undefined
  const bytes = tables.buckets.get(bucketKey(tenantId, name))
  return bytes && parseBucket(bytes)
}

function drawBucketId(random: Random): BucketId {
  const id = parseBucketId(random(bucketIdBytes).toString('hex'))
  if (id === undefined) throw new RangeError(`random() must give ${bucketIdBytes} bytes`)
  return id
}
