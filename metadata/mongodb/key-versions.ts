// The versions of one key: which is on top, how one is put there, how one is taken out. The top is a document of its
// own place, which every change of the key's versions changes too, or finds as it was read. Conditions, buckets and
// outcomes are `objects.ts`'s.
import assert from 'node:assert'
import {
  encodeContent,
  encodeMarkerHead,
  encodeObjectHead,
  parseVersion,
  parseVersionHead,
  type VersionHead,
  versionIdOfRow,
} from '../codec/version-codec.ts'
import { type CommitId, commitMemoryMs } from '../commit-id.ts'
import type { Bucket, DeleteMarker, ObjectContent, ObjectVersion, VersionId } from '../records.ts'
import { nextRowId, timedCommit } from '../row-ids.ts'
import { type UsageChange, usageWithout } from '../usage.ts'
import type { KeyDocument } from './documents.ts'
import type { KeyChange, KeyPlace } from './key-change.ts'
import { afterVersions, gravePlace, olderPlace, topPlace } from './key-places.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import { rememberInKey } from './remembered-commits.ts'
import type { Random } from './shared.ts'
import { freshTask } from './task-fields.ts'

/** A version of a key as it was read. */
export type VersionRead = {
  readonly s: string
  readonly x: number | undefined
  readonly rowId: string
  readonly head: VersionHead
  readonly h: Buffer
  readonly c: Buffer | undefined
  readonly noted: UsageChange | undefined
}
/** The newest one. */
export type TopRead = VersionRead & {
  /** Row id of the null version of the key. */
  readonly nullRowId: string | undefined
}
export type CurrentRead = TopRead & { readonly head: Extract<VersionHead, { is: 'object' }> }

/** What a version on top is made with; `top` as it was read. */
export type Making = {
  readonly bucket: Bucket
  /** What is committed was so after the seals up to this one. */
  readonly born: number
  readonly top: TopRead | undefined
  readonly nowMs: number
  readonly random: Random
  readonly commitId: CommitId | undefined
}

export async function readTop(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
): Promise<TopRead | undefined> {
  const found = await db.run(() => db.objects.findOne({ b: bucketId, k: key, s: topPlace }))
  return found === null ? undefined : topOf(found)
}

/** The version that a client's id names. */
export async function namedVersion(
  db: MongoDatabase,
  place: KeyPlace,
  versionId: VersionId,
): Promise<VersionRead | undefined> {
  if (versionId !== 'null') {
    const version = await versionByRow(db, place, versionId)
    // The null version's row has an id too, which is no version id.
    return version?.head.isNull ? undefined : version
  }
  for (;;) {
    const top = await readTop(db, place)
    if (top?.nullRowId === undefined) return undefined
    if (top.nullRowId === top.rowId) return top
    const found = await versionByRow(db, place, top.nullRowId)
    // Another one has become it in between, or it is gone.
    if (found !== undefined) return found
  }
}

/** The version in this row, be it the newest or not. */
export async function versionByRow(
  db: MongoDatabase,
  place: KeyPlace,
  rowId: string,
): Promise<VersionRead | undefined> {
  return rowAmong(db, place, { rowId, places: [topPlace, olderPlace(rowId)] })
}

/** The same, also when it was removed and is not released yet. */
export async function rowOfKey(
  db: MongoDatabase,
  place: KeyPlace,
  rowId: string,
): Promise<VersionRead | undefined> {
  return rowAmong(db, place, { rowId, places: [topPlace, olderPlace(rowId), gravePlace(rowId)] })
}

async function rowAmong(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
  { rowId, places }: { readonly rowId: string; readonly places: readonly string[] },
): Promise<VersionRead | undefined> {
  const filter = { b: bucketId, k: key, s: { $in: [...places] }, r: rowId }
  const found = await db.run(() => db.objects.findOne(filter))
  return found === null ? undefined : versionOf(found)
}

/** The newest of those that are not on top. */
async function newestOlder(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
): Promise<VersionRead | undefined> {
  const s = { $gt: topPlace, $lt: afterVersions }
  const found = await db.run(() =>
    db.objects.findOne({ b: bucketId, k: key, s, v: true }, { sort: { s: 1 }, hint: 'place' }),
  )
  return found === null ? undefined : versionOf(found)
}

export function versionOf(document: KeyDocument): VersionRead {
  const { s, x, r, h, c, d: noted } = document
  assert(r !== undefined && h !== undefined, 'a version without its row id or its head')
  return { s, x, rowId: r, head: parseVersionHead(h), h, c, noted }
}

export function topOf(document: KeyDocument): TopRead {
  return { ...versionOf(document), nullRowId: document.n }
}

/** Undefined for a delete marker, and for nothing. */
export function currentOf(top: TopRead | undefined): CurrentRead | undefined {
  if (top === undefined || top.head.is !== 'object') return undefined
  return { ...top, head: top.head }
}

/** The whole version, content included. */
export function wholeVersion(
  place: KeyPlace,
  { rowId, head, c }: VersionRead,
): ObjectVersion | DeleteMarker {
  return parseVersion({ ...place, rowId }, head, c)
}

/** Puts an object on top, in place of the null version where the bucket's state says so. */
export async function placeObject(
  db: MongoDatabase,
  change: KeyChange,
  { content, ...making }: Making & { readonly content: ObjectContent },
): Promise<{ versionId: VersionId; rowId: string; buried: readonly VersionRead[] }> {
  const { bucket, nowMs, commitId, born } = making
  const rowId = nextRowId(making.top?.rowId, making)
  const isNull = bucket.versioning !== 'enabled'
  const versionId = versionIdOfRow(rowId, { isNull })
  const h = encodeObjectHead(content, {
    versionId,
    modifiedMs: nowMs,
    isNamed: commitId !== undefined,
  })
  const fields = { r: rowId, h, c: encodeContent(content, born), cur: true as const }
  const objects = currentOf(making.top) === undefined ? 1 : 0
  change.count({ objects, versions: 1, bytes: content.size })
  const buried = await putOnTop(db, change, { ...making, fields, isNull })
  return { versionId, rowId, buried }
}

/** Puts a delete marker on top, in place of the null version where the bucket's state says so. */
export async function placeMarker(
  db: MongoDatabase,
  change: KeyChange,
  making: Making,
): Promise<{ versionId: VersionId; rowId: string; buried: readonly VersionRead[] }> {
  const { bucket, nowMs, commitId } = making
  const rowId = nextRowId(making.top?.rowId, making)
  const isNull = bucket.versioning !== 'enabled'
  const versionId = versionIdOfRow(rowId, { isNull })
  const h = encodeMarkerHead({ versionId, modifiedMs: nowMs, isNamed: commitId !== undefined })
  change.count({ objects: currentOf(making.top) === undefined ? 0 : -1, deleteMarkers: 1 })
  const buried = await putOnTop(db, change, { ...making, fields: { r: rowId, h }, isNull })
  return { versionId, rowId, buried }
}

type OnTop = Making & {
  readonly fields: {
    readonly r: string
    readonly h: Buffer
    readonly c?: Buffer
    readonly cur?: true
  }
  readonly isNull: boolean
}

/** What was on top moves among the older ones, or, where the new one replaces the null version, that is buried. */
async function putOnTop(
  db: MongoDatabase,
  change: KeyChange,
  onTop: OnTop,
): Promise<readonly VersionRead[]> {
  const { top, fields, isNull } = onTop
  const n = isNull ? fields.r : top?.nullRowId
  const whole = { ...fields, v: true as const, ...(n === undefined ? {} : { n }) }
  if (top === undefined) {
    change.insert(topPlace, { ...whole, x: 0 })
    return []
  }
  change.replace(top, whole)
  const replacesTop = isNull && top.nullRowId === top.rowId
  if (!replacesTop) change.insert(olderPlace(top.rowId), olderFields(top))
  if (!isNull || top.nullRowId === undefined) return []
  if (replacesTop) return bury(change, top, onTop)
  const replaced = await versionByRow(db, change.place, top.nullRowId)
  if (replaced === undefined) {
    const now = await readTop(db, change.place)
    const isAsRead = now?.rowId === top.rowId && now.x === top.x
    assert(!isAsRead, 'the noted null version has no row')
    throw new Conflict()
  }
  change.remove(replaced)
  return bury(change, replaced, onTop)
}

/**
 * Takes one version out, and puts the next newest on top if it was that. The version may have been read later than the
 * top: `Conflict` when it says of the key what the top does not.
 */
export async function takeOut(
  db: MongoDatabase,
  change: KeyChange,
  { version, ...making }: Pick<Making, 'bucket' | 'nowMs' | 'top'> & { version: VersionRead },
): Promise<readonly VersionRead[]> {
  const { top } = making
  if (top === undefined) throw new Conflict()
  const isOnTop = version.s === topPlace
  if (isOnTop && (version.rowId !== top.rowId || version.x !== top.x)) throw new Conflict()
  if (version.head.isNull && version.rowId !== top.nullRowId) throw new Conflict()
  const nullRowId = top.nullRowId === version.rowId ? undefined : top.nullRowId
  const n = nullRowId === undefined ? {} : { n: nullRowId }
  if (version.rowId !== top.rowId) {
    change.remove(version)
    if (nullRowId !== top.nullRowId) change.replace(top, { ...topFields(top), ...n })
    return bury(change, version, making)
  }
  const next = await newestOlder(db, change.place)
  const [was, is] = [top, next].map((newest) => (newest?.head.is === 'object' ? 1 : 0))
  change.count({ objects: (is ?? 0) - (was ?? 0) })
  if (next === undefined) {
    change.remove(top)
  } else {
    change.remove(next)
    change.replace(top, { ...topFields(next), ...n })
  }
  return bury(change, version, making)
}

/** Of a version that is, or comes to be, on top. */
function topFields({ rowId, h, c, head }: VersionRead) {
  const version = { r: rowId, h, v: true as const }
  if (head.is === 'deleteMarker' || c === undefined) return version
  return { ...version, c, cur: true as const }
}

function olderFields({ rowId, h, c }: VersionRead) {
  return { r: rowId, h, v: true as const, x: 0, ...(c === undefined ? {} : { c }) }
}

/**
 * What is to be done for a version whose document goes with this change. Of an object it stays as a grave, which says
 * itself what is to be released; what becomes of it, `held-versions.ts` decides afterwards. Answers the graves.
 */
function bury(
  change: KeyChange,
  version: VersionRead,
  { bucket, nowMs }: Pick<Making, 'bucket' | 'nowMs'>,
): readonly VersionRead[] {
  const { rowId, head, h, c } = version
  change.count(usageWithout(head))
  if (head.isNamed && nowMs - head.modifiedMs < commitMemoryMs) {
    const deleteMarker = head.is === 'deleteMarker'
    rememberInKey(change, timedCommit(head.modifiedMs, rowId), {
      is: deleteMarker ? 'deleted' : 'committed',
      versionId: versionIdOfRow(rowId, head),
      versioning: bucket.versioning,
      deleteMarker,
    })
  }
  if (head.is === 'deleteMarker' || c === undefined) return []
  change.insert(gravePlace(rowId), { r: rowId, h, c, t: freshTask('release', bucket.tenantId) })
  return [version]
}
