// Multipart uploads under way: the verbs of `UploadStore`. An upload, its parts and the version it becomes lie beside
// one another. Completion is `upload-completion.ts`'s.
import assert from 'node:assert'
import {
  commitOfPart,
  encodePart,
  encodeUpload,
  parsePart,
  parsePartData,
  parsePartHead,
  parseUpload,
} from '../codec/upload-codec.ts'
import type { ChangeOptions, CommitId } from '../commit-id.ts'
import { drawUploadId } from '../draw-upload-id.ts'
import type { Listed } from '../metadata-store.ts'
import type { BucketId, Part, PieceData, Upload, UploadId } from '../records.ts'
import { orderBytes } from '../row-ids.ts'
import type { NewUpload, UploadRef, UploadStore } from '../upload-store.ts'
import { takePiece } from './chunk-claims.ts'
import type { KeyDocument } from './documents.ts'
import { KeyChange, type KeyPlace } from './key-change.ts'
import { partPlace, partsPlace, taskPlace, uploadPlace } from './key-places.ts'
import { makeChange } from './key-verb.ts'
import { liveBucket, lookAfterwards } from './live-bucket.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import { recallInKey, rememberInKey } from './remembered-commits.ts'
import type { Random, Shared } from './shared.ts'
import { releaseTask } from './task-fields.ts'
import { completedVersion, completeUpload } from './upload-completion.ts'
import { readUpload, type UploadRead } from './upload-read.ts'
import { keysWithin, walkKeys } from './walk-keys.ts'

export function mongoUploads(shared: Shared): UploadStore {
  const { db } = shared
  return {
    create: (ref, fresh, options) => db.retrying(() => create(shared, ref, { fresh, ...options })),

    get: async (bucket, ref) => (await readUpload(db, bucket.id, ref))?.upload,

    commitPart: (ref, uploadRef, part, options) =>
      db.retrying(() => commitPart(shared, ref, { uploadRef, part, ...options })),

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
  const c = encodeUpload({ upload, revision: 0, parts: undefined })
  change.insert(uploadPlace(uploadId), { u: upload.initiatedMs, x: 0, parts: 0, c })
  await makeChange(shared, change)
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

type PartCommit = ChangeOptions & {
  readonly uploadRef: UploadRef
  readonly part: Parameters<UploadStore['commitPart']>[2]
}

/**
 * The upload's document is changed first: parts of one upload that arrive at the same time meet there, before any of
 * them has claimed chunks, and so do a part and the completion.
 */
async function commitPart(
  shared: Shared,
  ref: Parameters<UploadStore['commitPart']>[0],
  { uploadRef, part, commitId }: PartCommit,
): ReturnType<UploadStore['commitPart']> {
  const { db } = shared
  const { key, uploadId } = uploadRef
  const place = { bucketId: ref.id, key }
  const s = partPlace(uploadId, part.number)
  const [live, old, upload] = await Promise.all([
    liveBucket(db, ref),
    db.run(() => db.objects.findOne({ b: ref.id, k: key, s })),
    readUpload(db, ref.id, uploadRef),
  ])
  if (await isDone(db, place, { old, commitId })) return { is: 'committed' }
  if (live === undefined || upload === undefined) return { is: 'noSuchUpload' }
  return db.attempt(async ({ session, undo }) => {
    const more = { $inc: { x: 1, parts: old === null ? 1 : 0 } }
    const filter = { b: ref.id, k: key, s: uploadPlace(uploadId) }
    const { matchedCount } = await db.objects.updateOne(filter, more, { session })
    if (matchedCount === 0) throw new Conflict()
    const piece = await takePiece({ db, session }, upload.upload.tenantId, part.data)
    if (piece.is !== 'taken') {
      undo()
      return piece
    }
    const change = new KeyChange(place)
    const c = encodePart({ ...part, data: piece.data }, commitId)
    if (old === null) change.insert(s, { x: 0, c })
    else replacePart(shared, change, { old, c, upload })
    await change.make(db, session)
    return { is: 'committed' }
  })
}

type Replacing = {
  readonly old: KeyDocument
  readonly c: Buffer
  readonly upload: UploadRead
}

function replacePart({ random }: Shared, change: KeyChange, { old, c, upload }: Replacing): void {
  change.replace({ s: old.s, x: old.x }, { c })
  assert(old.c !== undefined, 'a part without its record')
  const release = pieceRelease(upload.upload, parsePartData(old.c))
  if (release !== undefined) change.insert(taskPlace(random(12).toString('hex')), { t: release })
  rememberInKey(change, commitOfPart(old.c), { is: 'partCommitted' })
}

/** The release of a part's data; nothing when it lies inline. */
function pieceRelease({ tenantId }: Upload, data: PieceData) {
  switch (data.is) {
    case 'inline':
      return undefined
    case 'chunks':
      return releaseTask(tenantId, { what: 'chunks', refs: data.chunks })
    case 'list':
      return releaseTask(tenantId, { what: 'list', listId: data.listId })
    default:
      return data satisfies never
  }
}

async function isDone(
  db: MongoDatabase,
  place: KeyPlace,
  { old, commitId }: { readonly old: KeyDocument | null; readonly commitId: CommitId | undefined },
): Promise<boolean> {
  if (commitId === undefined) return false
  if (old?.c !== undefined && commitOfPart(old.c) === commitId) return true
  return (await recallInKey(db, place, { commitId, kind: 'partCommitted' })) !== undefined
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
  const { upload, revision, parts } = found
  const { uploadId, tenantId } = upload
  const change = new KeyChange(place)
  change.remove({ s: uploadPlace(uploadId), x: revision })
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
