// Buckets, by namespace and name. Row and objects of one may lie on different shards, so that a deletion goes
// step by step, as `../bucket-store.ts` says.
import type { BucketStore, NewBucket } from '../bucket-store.ts'
import { encodeBucket } from '../codec/tenancy-codec.ts'
import type { BucketRef, NoSuchBucket } from '../metadata-store.ts'
import { parseBucketId } from '../record-ids.ts'
import type { Bucket, BucketId, TenantId } from '../records.ts'
import { noUsage } from '../usage.ts'
import { firstConfigs } from './bucket-config-fields.ts'
import type { BucketDocument } from './documents.ts'
import { bucketDocumentId, parseBucketDocument } from './live-bucket.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { isDuplicateKey } from './mongo-failures.ts'
import type { Random, Shared } from './shared.ts'
import { releaseTask, taskDocuments } from './task-fields.ts'
import { usageIn } from './usage.ts'

/** No name of a bucket is longer. One that a request gives may be. */
const nameBytesMax = 255
const bucketIdBytes = 8
const markBytes = 16
/** A look that is to be of what is there, and not of what a primary believed that is none any more. */
const truth = { readConcern: { level: 'linearizable' }, maxTimeMS: 10_000 } as const
const withoutConfigs = { projection: { configs: 0 } } as const

export function mongoBuckets(shared: Shared): BucketStore {
  const { db, random } = shared
  const byName = async (_id: string): Promise<Bucket | undefined> => {
    const found = await db.run(() => db.buckets.findOne({ _id }, withoutConfigs))
    return found === null ? undefined : parseBucketDocument(found)
  }
  return {
    create: async (fresh) => {
      for (;;) {
        const { document, bucket } = newDocument(fresh, drawBucketId(random))
        if (await insertBucket(db, document)) return { is: 'created', bucket }
        // Unless it was deleted meanwhile.
        const existing = await byName(document._id)
        if (existing !== undefined) return { is: 'exists', bucket: existing }
      }
    },

    get: async (namespace, name) =>
      name.length > nameBytesMax ? undefined : byName(bucketDocumentId(namespace, name)),

    delete: (ref) => deleteBucket(shared, ref),
    list: (tenantId, page) => listOwned(shared, tenantId, page),

    setVersioning: async (ref, versioning) => {
      const { matchedCount } = await db.run(() =>
        db.buckets.updateOne(placeOf(ref), { $set: { versioning } }),
      )
      return { is: matchedCount === 1 ? 'done' : 'noSuchBucket' }
    },
  }
}

/** With its count. False: the name is taken. */
function insertBucket(db: MongoDatabase, document: BucketDocument): Promise<boolean> {
  return db.retrying(async () => {
    try {
      await db.attempt(async ({ session }) => {
        await db.buckets.insertOne(document, { session })
        await usageIn(db).insertOne({ _id: document.id, ...noUsage }, { session })
      })
      return true
    } catch (cause) {
      if (isDuplicateKey(cause)) return false
      throw cause
    }
  })
}

function placeOf({ namespace, name, id }: BucketRef) {
  return { _id: bucketDocumentId(namespace, name), id }
}

function newDocument({ configs = {}, ...fresh }: NewBucket, id: BucketId) {
  const first = firstConfigs(configs)
  const { revision } = first
  const bucket: Bucket = { ...fresh, id, versioning: 'off', configRevision: revision }
  const document: BucketDocument = {
    _id: bucketDocumentId(bucket.namespace, bucket.name),
    ...{ ns: bucket.namespace, name: bucket.name, id, tenant: bucket.tenantId },
    ...{ c: encodeBucket(bucket), versioning: 'off', revision, sealed: 0 },
    configs: first.configs,
  }
  return { bucket, document }
}

async function deleteBucket(
  { db, random }: Shared,
  ref: BucketRef,
): Promise<Awaited<ReturnType<BucketStore['delete']>>> {
  const place = placeOf(ref)
  const mark = random(markBytes).toString('hex')
  const marked = { ...place, deleting: mark }
  const isEmpty = async (options: Partial<typeof truth>) => {
    const any = await db.run(() =>
      db.objects.findOne(
        { b: ref.id, v: true },
        { hint: 'versions', projection: { _id: 0, b: 1 }, ...options },
      ),
    )
    return any === null
  }
  const isThere = async () =>
    (await db.run(() => db.buckets.findOne(place, withoutConfigs))) !== null

  if (!(await isThere())) return noSuchBucket
  if (!(await isEmpty({}))) return { is: 'notEmpty' }
  const marking = await db.run(() => db.buckets.updateOne(place, { $set: { deleting: mark } }))
  if (marking.matchedCount === 0) return noSuchBucket
  if (!(await isEmpty(truth))) {
    await db.run(() => db.buckets.updateOne(marked, { $unset: { deleting: true } }))
    return { is: 'notEmpty' }
  }
  // Together with the task, so that nothing is left lying. Uploads are not looked for: what a commit leaves that
  // dies after this goes by the same task.
  const isDeleted = await db.transact(async ({ session }) => {
    const { deletedCount } = await db.buckets.deleteOne(marked, { session })
    if (deletedCount === 0) return false
    await usageIn(db).deleteOne({ _id: ref.id }, { session })
    const task = releaseTask(ref.tenantId, { what: 'bucketLeftovers', bucketId: ref.id })
    await db.tasks.insertMany(taskDocuments([task]), { session })
    return true
  })
  if (isDeleted) return { is: 'deleted' }
  return (await isThere()) ? { is: 'busy' } : noSuchBucket
}

const noSuchBucket: NoSuchBucket = { is: 'noSuchBucket' }

type OwnedPage = Parameters<BucketStore['list']>[1]

/** Those of a prefix stand together, from the prefix itself on. */
async function listOwned(
  { db }: Shared,
  tenantId: TenantId,
  { namespace, prefix, after, limit }: OwnedPage,
): Promise<Awaited<ReturnType<BucketStore['list']>>> {
  if (prefix.length > nameBytesMax || limit <= 0) return { buckets: [], isTruncated: false }
  const name = { $gte: prefix, ...(after === undefined ? {} : { $gt: after }) }
  const found = await db.run(() =>
    db.buckets
      .find({ tenant: tenantId, ns: namespace, name }, { ...withoutConfigs, hint: 'owned' })
      .sort({ name: 1 })
      .limit(limit + 1)
      .toArray(),
  )
  const ofPrefix = found.filter((document) => document.name.startsWith(prefix))
  return {
    buckets: ofPrefix.slice(0, limit).map(parseBucketDocument),
    isTruncated: ofPrefix.length > limit,
  }
}

function drawBucketId(random: Random): BucketId {
  const id = parseBucketId(random(bucketIdBytes).toString('hex'))
  if (id === undefined) throw new RangeError(`random() must give ${bucketIdBytes} bytes`)
  return id
}
