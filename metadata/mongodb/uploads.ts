// Multipart uploads under way: the verbs of `UploadStore`. An upload, its parts and the version it becomes lie beside
// one another. Completion is `upload-completion.ts`'s.
import assert from 'node:assert'
import { encodeUpload, parsePart, parsePartHead, parseUpload } from '../codec/upload-codec.ts'
import type { ChangeOptions, CommitId } from '../commit-id.ts'
import { drawUploadId } from '../draw-upload-id.ts'
import type { Listed } from '../metadata-store.ts'
import type { BucketId, Part, Upload, UploadId } from '../records.ts'
import { orderBytes } from '../row-ids.ts'
import type { NewUpload, UploadRef, UploadStore } from '../upload-store.ts'
import { KeyChange, type KeyPlace } from './key-change.ts'
import { partPlace, partsPlace, taskPlace, uploadPlace } from './key-places.ts'
import { makeChange } from './key-verb.ts'
import { liveBucket, lookAfterwards } from './live-bucket.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { PartBatches } from './part-batches.ts'
import { recallInKey, rememberInKey } from './remembered-commits.ts'
import type { Random, Shared } from './shared.ts'
import { releaseTask } from './task-fields.ts'
import { completedVersion, completeUpload } from './upload-completion.ts'
import { readUpload } from './upload-read.ts'
import { keysWithin, walkKeys } from './walk-keys.ts'

export function mongoUploads(shared: Shared): UploadStore {
  const { db } = shared
  const batches = new PartBatches(shared)
  return {
    create: (ref, fresh, options) => db.retrying(() => create(shared, ref, { fresh, ...options })),

    get: async (bucket, ref) => (await readUpload(db, bucket.id, ref))?.upload,

    commitPart: (ref, upload, part, options) =>
      batches.commit({ ref, upload }, { part, commitId: options?.commitId }),

    listParts: async (bucket, ref, page) => {
      // Its revision first: a completion that names it is refused if a part came between the two.
      const upload = await readUpload(db, bucket.id, ref)
      if (upload === undefined) return { is: 'noSuchUpload' }
      const { key, uploadId } = ref
      const listed = await listParts(db, { bucketId: bucket.id, key }, { ...page, uploadId })
      return { is: 'listed', revision: upload.revision, ...listed }
    },

    readParts: ({ bucketId, key, uploadId }, numbers) =>
      readParts(db, { bucketId, key }, { uploadId, numbers }),

    list: (bucket, query) => listUploads(db, bucket.id, query),

    complete: (completion, options) =>
      db.retrying(() => completeUpload(shared, completion, options)),
    completed: async (bucket, ref) => (await completedVersion(db, bucket.id, ref))?.version,

    abort: (ref, uploadRef, options) =>
      db.retrying(() => abort(shared, ref.id, { uploadRef, ...options })),

    abortStale: async ({ initiatedBeforeMs, limit }) => {
      const filter = { u: { $lt: initiatedBeforeMs } }
      const options = { projection: { _id: 0, b: 1, c: 1 }, hint: 'uploadTimes', limit }
      const stale = await db.run(() => db.objects.find(filter, options).toArray())
      for (const { c } of stale) {
        assert(c !== undefined, 'an upload without its record')
        const upload = parseUpload(c)
        await db.retrying(() => abort(shared, upload.bucketId, { uploadRef: upload }))
      }
      return stale.length
    },
  }
}

type Creation = ChangeOptions & { readonly fresh: NewUpload }

async function create(
  shared: Shared,
  ref: Parameters<UploadStore['create']>[0],
  { fresh, commitId }: Creation,
): ReturnType<UploadStore['create']> {
  const { db, random } = shared
  const live = await liveBucket(db, ref)
  if (live === undefined) return { is: 'noSuchBucket' }
  const { id: bucketId, tenantId } = live.bucket
  const uploadId = fresh.uploadId ?? newUploadId(fresh, { random, commitId })
  const place = { bucketId, key: fresh.key }
  const [before, isOver] = await Promise.all([
    readUpload(db, bucketId, { key: fresh.key, uploadId }),
    hasParts(db, place, uploadId),
  ])
  if (before !== undefined) return { is: 'created', upload: before.upload }
  const upload: Upload = { ...fresh, bucketId, tenantId, uploadId }
  // A call that comes late: the parts are a version's, or about to be released.
  if (isOver) return { is: 'created', upload }
  const change = new KeyChange(place)
  const c = encodeUpload({ upload, revision: 0, parts: undefined, partBytes: 0 })
  change.insert(uploadPlace(uploadId), { u: upload.initiatedMs, x: 0, parts: 0, c })
  change.count({ uploads: 1 })
  await makeChange(shared, change, commitId)
  if ((await lookAfterwards(db, ref)) === 'there') return { is: 'created', upload }
  await db.retrying(() => abort(shared, bucketId, { uploadRef: upload }))
  return { is: 'noSuchBucket' }
}

/** Of a commit that its caller has named, the same whenever it is repeated. */
function newUploadId(
  { initiatedMs }: NewUpload,
  { random, commitId }: { readonly random: Random; readonly commitId: CommitId | undefined },
): UploadId {
  const bytes = commitId && Buffer.from(commitId, 'hex').subarray(orderBytes)
  return drawUploadId(initiatedMs, bytes ? () => bytes : random)
}

async function abort(
  shared: Shared,
  bucketId: BucketId,
  { uploadRef, commitId }: ChangeOptions & { readonly uploadRef: UploadRef },
): ReturnType<UploadStore['abort']> {
  const { db, random } = shared
  const place = { bucketId, key: uploadRef.key }
  if (await recallInKey(db, place, { commitId, kind: 'aborted' })) return { is: 'aborted' }
  const found = await readUpload(db, bucketId, uploadRef)
  if (found === undefined) return { is: 'noSuchUpload' }
  const { upload, revision, parts, partBytes, noted } = found
  const { uploadId, tenantId } = upload
  const change = new KeyChange(place)
  change.remove({ s: uploadPlace(uploadId), x: revision, noted })
  change.count({ uploads: -1, partBytes: -partBytes })
  if (parts > 0) {
    const t = releaseTask(tenantId, { what: 'parts', place: { ...place, uploadId } })
    change.insert(taskPlace(random(12).toString('hex')), { t })
  }
  rememberInKey(change, commitId, { is: 'aborted' })
  await makeChange(shared, change)
  return { is: 'aborted' }
}

async function hasParts(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
  uploadId: UploadId,
): Promise<boolean> {
  const filter = { b: bucketId, k: key, s: partsOf(uploadId) }
  const found = await db.run(() => db.objects.findOne(filter, { projection: { _id: 0, s: 1 } }))
  return found !== null
}

/** The places of all parts of an upload that have a higher number. */
function partsOf(uploadId: UploadId, after?: number) {
  const start = after === undefined ? partsPlace(uploadId) : partPlace(uploadId, after)
  return { $gt: start, $lte: `${partsPlace(uploadId)}99999` }
}

type PartsQuery = {
  readonly uploadId: UploadId
  readonly after: number
  readonly limit: number
}

async function listParts(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
  { uploadId, after, limit }: PartsQuery,
): Promise<{ parts: readonly Omit<Part, 'data'>[]; isTruncated: boolean }> {
  if (limit <= 0) return { parts: [], isTruncated: false }
  const filter = { b: bucketId, k: key, s: partsOf(uploadId, Math.max(0, after)) }
  const options = { projection: { _id: 0, c: 1 }, batchSize: limit + 2, limit: limit + 1 }
  const found = await db.run(() => db.objects.find(filter, options).sort(placeOrder).toArray())
  const parts = found.slice(0, limit).map(({ c }) => {
    assert(c !== undefined, 'a part without its record')
    return parsePartHead(c)
  })
  return { parts, isTruncated: found.length > limit }
}

const placeOrder = { b: 1, k: 1, s: 1 } as const
/** Parts that one command asks for. */
const partsAtOnce = 500

async function readParts(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
  { uploadId, numbers }: { readonly uploadId: UploadId; readonly numbers: readonly number[] },
): Promise<readonly Part[]> {
  const parts = new Map<number, Part>()
  for (let at = 0; at < numbers.length; at += partsAtOnce) {
    const places = numbers.slice(at, at + partsAtOnce).map((number) => partPlace(uploadId, number))
    const filter = { b: bucketId, k: key, s: { $in: places } }
    const options = { projection: { _id: 0, c: 1 }, batchSize: partsAtOnce + 1 }
    for (const { c } of await db.run(() => db.objects.find(filter, options).toArray())) {
      if (c === undefined) continue
      const part = parsePart(c)
      parts.set(part.number, part)
    }
  }
  return numbers.map((number) => {
    const part = parts.get(number)
    assert(part !== undefined, `part ${number} of upload ${uploadId} is missing`)
    return part
  })
}

type UploadRow = { readonly k: string; readonly s: string; readonly c: Buffer }

async function listUploads(
  db: MongoDatabase,
  bucketId: BucketId,
  query: Parameters<UploadStore['list']>[1],
): Promise<Listed<Upload & { is: 'upload' }>> {
  const { after, afterUploadId, limit } = query
  const read = (k: object, s: object, most: number) =>
    db.run(() =>
      db.objects
        .find<UploadRow>(
          { b: bucketId, u: { $exists: true }, k, s },
          {
            ...{ projection: { _id: 0, k: 1, s: 1, c: 1 }, hint: 'uploads' },
            ...{ batchSize: most + 1, limit: most },
          },
        )
        .sort(placeOrder)
        .toArray(),
    )
  const every = { $gte: '' }
  const withinKey = (k: string, s: string, most: number) => read({ $eq: k }, { $gt: s }, most)
  const isWithin = after !== undefined && !after.group && afterUploadId !== undefined
  const isOfPrefix = isWithin && after.key.startsWith(query.prefix)
  return walkKeys<UploadRow, Upload & { is: 'upload' }>({
    query,
    resumed: isOfPrefix
      ? await withinKey(after.key, uploadPlace(afterUploadId), limit + 1)
      : undefined,
    read: async (range, most, last) => {
      if (last === undefined) return read(keysWithin(range), every, most)
      const rest = await withinKey(last.k, last.s, most)
      if (rest.length === most) return rest
      const behind = { ...range, from: last.k, isExclusive: true }
      return [...rest, ...(await read(keysWithin(behind), every, most - rest.length))]
    },
    entry: ({ c }) => ({ is: 'upload' as const, ...parseUpload(c) }),
  })
}
