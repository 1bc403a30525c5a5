// Commits parts of one upload, in one transaction: they and the completion of the upload meet in its document, which is
// changed first, before any chunk is claimed.
import assert from 'node:assert'
import type { ClientSession } from 'mongodb'
import { commitOfPart, encodePart, parsePartData, parsePartHead } from '../codec/upload-codec.ts'
import type { BucketRef, ClaimedChunk } from '../metadata-store.ts'
import type { PieceData, TenantId, Upload } from '../records.ts'
import type { UploadRef } from '../upload-store.ts'
import { claimChunks, takePiece } from './chunk-claims.ts'
import type { KeyDocument } from './documents.ts'
import { KeyChange, type KeyPlace } from './key-change.ts'
import { partPlace, taskPlace, uploadPlace } from './key-places.ts'
import { liveBucket } from './live-bucket.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import type { PartAnswer, PartToCommit } from './part-batches.ts'
import { recallInKey, rememberInKey } from './remembered-commits.ts'
import type { Shared } from './shared.ts'
import { releaseTask } from './task-fields.ts'
import { readUpload } from './upload-read.ts'

type Batch = {
  readonly ref: BucketRef
  readonly upload: UploadRef
  /** Of different numbers. */
  readonly batch: readonly PartToCommit[]
}
type Entry = PartToCommit & {
  readonly given: PartToCommit
  readonly s: string
  readonly old: KeyDocument | undefined
}

/** Answers in the order of the batch. */
export async function commitParts(
  shared: Shared,
  { ref, upload: uploadRef, batch }: Batch,
): Promise<readonly PartAnswer[]> {
  const { db } = shared
  const place = { bucketId: ref.id, key: uploadRef.key }
  const places = batch.map(({ part }) => partPlace(uploadRef.uploadId, part.number))
  const [live, olds, state] = await Promise.all([
    liveBucket(db, ref),
    db.run(() =>
      db.objects
        .find({ b: ref.id, k: uploadRef.key, s: { $in: places } }, { batchSize: places.length + 1 })
        .toArray(),
    ),
    readUpload(db, ref.id, uploadRef),
  ])
  const answers = new Map<PartToCommit, PartAnswer>()
  let open: Entry[] = []
  for (const [at, given] of batch.entries()) {
    const s = places[at] ?? ''
    const entry = { ...given, given, s, old: olds.find((old) => old.s === s) }
    if (await isDone(db, place, entry)) answers.set(given, { is: 'committed' })
    else if (live === undefined || state === undefined) answers.set(given, { is: 'noSuchUpload' })
    else open.push(entry)
  }
  while (open.length > 0 && state !== undefined) {
    const refused = await commitOpen(shared, { place, upload: state.upload, entries: open })
    const isAll = refused.size === 0
    for (const entry of open) {
      const answer = refused.get(entry) ?? (isAll ? ({ is: 'committed' } as const) : undefined)
      if (answer !== undefined) answers.set(entry.given, answer)
    }
    // Those that were not refused are tried again without the others.
    open = isAll ? [] : open.filter((entry) => !refused.has(entry))
  }
  return batch.map((given) => {
    const answer = answers.get(given)
    assert(answer !== undefined, 'a part without its answer')
    return answer
  })
}

type Opened = {
  readonly place: KeyPlace
  readonly upload: Upload
  readonly entries: readonly Entry[]
}

/** Answers what was refused; nothing was committed then. */
async function commitOpen(
  shared: Shared,
  { place, upload, entries }: Opened,
): Promise<ReadonlyMap<Entry, PartAnswer>> {
  const { db } = shared
  return db.attempt(async ({ session, undo }) => {
    const fresh = entries.filter(({ old }) => old === undefined).length
    const { matchedCount } = await db.objects.updateOne(
      { b: place.bucketId, k: place.key, s: uploadPlace(upload.uploadId) },
      { $inc: { x: entries.length, parts: fresh, ...addedBy(entries) } },
      { session },
    )
    if (matchedCount === 0) throw new Conflict()
    const { taken, refused } = await takePieces({ db, session }, upload.tenantId, entries)
    if (refused.size > 0) {
      undo()
      return refused
    }
    const change = new KeyChange(place)
    for (const entry of entries) {
      const data = taken.get(entry)
      assert(data !== undefined, 'a part without its data')
      putPart(shared, change, { entry, data, upload })
    }
    await change.make(db, session)
    return refused
  })
}

/** What their parts come to, and that it is noted. What they replace is as it was read, or all of it is done anew. */
function addedBy(entries: readonly Entry[]): Readonly<Record<string, number>> {
  let bytes = 0
  for (const { part, old } of entries) {
    bytes += part.size - (old?.c === undefined ? 0 : parsePartHead(old.c).size)
  }
  return bytes === 0 ? {} : { pb: bytes, 'd.partBytes': bytes }
}

/** Chunks of all of them are claimed at once. */
async function takePieces(
  within: { readonly db: MongoDatabase; readonly session: ClientSession },
  tenantId: TenantId,
  entries: readonly Entry[],
): Promise<{ taken: Map<Entry, PieceData>; refused: Map<Entry, PartAnswer> }> {
  const taken = new Map<Entry, PieceData>()
  const refused = new Map<Entry, PartAnswer>()
  const claims: ClaimedChunk[] = []
  const ofChunks: { readonly entry: Entry; readonly from: number; readonly count: number }[] = []
  for (const entry of entries) {
    const { data } = entry.part
    if (data.is === 'chunks') {
      ofChunks.push({ entry, from: claims.length, count: data.chunks.length })
      claims.push(...data.chunks)
      continue
    }
    const piece = await takePiece(within, tenantId, data)
    if (piece.is === 'taken') taken.set(entry, piece.data)
    else refused.set(entry, piece)
  }
  if (refused.size > 0 || ofChunks.length === 0) return { taken, refused }
  const claimed = await claimChunks(within, tenantId, claims)
  for (const { entry, from, count } of ofChunks) {
    if (claimed.is === 'taken') {
      taken.set(entry, { is: 'chunks', chunks: claimed.refs.slice(from, from + count) })
      continue
    }
    const positions = claimed.positions
      .filter((position) => position >= from && position < from + count)
      .map((position) => position - from)
    if (positions.length > 0) refused.set(entry, { is: 'gone', positions })
  }
  return { taken, refused }
}

type Putting = { readonly entry: Entry; readonly data: PieceData; readonly upload: Upload }

function putPart({ random }: Shared, change: KeyChange, { entry, data, upload }: Putting): void {
  const { part, commitId, s, old } = entry
  const c = encodePart({ ...part, data }, commitId)
  if (old === undefined) {
    change.insert(s, { x: 0, c })
    return
  }
  change.replace({ s, x: old.x }, { c })
  assert(old.c !== undefined, 'a part without its record')
  const t = pieceRelease(upload, parsePartData(old.c))
  if (t !== undefined) change.insert(taskPlace(random(12).toString('hex')), { t })
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
  { old, commitId }: Pick<Entry, 'old' | 'commitId'>,
): Promise<boolean> {
  if (commitId === undefined) return false
  if (old?.c !== undefined && commitOfPart(old.c) === commitId) return true
  return (await recallInKey(db, place, { commitId, kind: 'partCommitted' })) !== undefined
}
