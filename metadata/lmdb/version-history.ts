// The versions of one key: which is current, how one is put on top, how one is taken out, and what
// the listing then shows. Conditions, buckets and outcomes are `objects.ts`'s.
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
import type {
  Bucket,
  BucketId,
  DeleteMarker,
  ObjectContent,
  ObjectVersion,
  VersionId,
} from '../records.ts'
import { nextRowId, rowIdBytes, timedCommit } from '../row-ids.ts'
import { addUsage, noUsage, type UsageChange, usageWithout } from '../usage.ts'
import type { Random } from './buckets.ts'
import { holdBack } from './held-rows.ts'
import { leaseTally } from './lease-rows.ts'
import type { Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { appendRelease } from './outbox-rows.ts'
import { remember } from './remembered-commits.ts'
import {
  contentKey,
  historyKey,
  historyRowKey,
  idOfHistoryRow,
  objectKey,
  rangeOf,
} from './row-keys.ts'
import { countChange } from './usage-rows.ts'

/** One key of one bucket, inside one transaction. */
export type History = {
  readonly tables: Tables
  readonly bucketId: BucketId
  readonly key: string
  readonly listingKey: Buffer
}
export type VersionAt = { readonly rowId: string; readonly head: VersionHead }
export type CurrentObject = VersionAt & { readonly head: Extract<VersionHead, { is: 'object' }> }
/** What a version on top is made with; `current` as `currentObject` gave it. */
export type Making = {
  readonly bucket: Bucket
  readonly current: CurrentObject | undefined
  readonly nowMs: number
  readonly random: Random
  readonly commitId: CommitId | undefined
}

export function historyOf(tables: Tables, bucketId: BucketId, key: string): History {
  return { tables, bucketId, key, listingKey: objectKey(bucketId, key) }
}

/** The current object; undefined when there is none, or a delete marker is on top. */
export function currentObject({ tables, listingKey }: History): CurrentObject | undefined {
  const row = tables.objects.get(listingKey)
  return row && parseListingRow(row)
}

/** The head in a listing row, for whom the row id is not worth its decoding. */
export function headOfListingRow(row: Buffer): CurrentObject['head'] {
  const head = parseVersionHead(row, rowIdBytes)
  assert(head.is === 'object', 'a delete marker in the listing')
  return head
}

export function parseListingRow(row: Buffer): CurrentObject {
  return { rowId: row.toString('hex', 0, rowIdBytes), head: headOfListingRow(row) }
}

/** What is on top, marker or object. */
export function newestVersion(history: History): VersionAt | undefined {
  return currentObject(history) ?? newestOlder(history)
}

/** The version that a client's id names. */
export function namedVersion(history: History, versionId: VersionId): VersionAt | undefined {
  if (versionId === 'null') return nullVersion(history)
  const version = versionByRow(history, versionId)
  // The null version's row has an id too, which is no version id.
  return version?.head.isNull ? undefined : version
}

/** The version in this row, current or not. */
export function versionByRow(history: History, rowId: string): VersionAt | undefined {
  const current = currentObject(history)
  if (current?.rowId === rowId) return current
  const head = history.tables.versions.get(versionKey(history, rowId))
  return head && { rowId, head: parseVersionHead(head) }
}

/** The null version: the one noted, else the oldest if it dates from before versioning. */
export function nullVersion(history: History): VersionAt | undefined {
  const { tables, listingKey } = history
  const noted = tables.nullVersions.get(listingKey)
  if (noted !== undefined) {
    const version = versionByRow(history, noted.toString('hex'))
    assert(version !== undefined, 'the noted null version has no row')
    return version
  }
  const last = tables.versions.last(rangeOf(historyKey(history.bucketId, history.key)))
  const oldest = last ? versionAt(last) : currentObject(history)
  return oldest?.head.isNull ? oldest : undefined
}

/** The whole version, content included. */
export function readVersion(
  { tables, bucketId, key }: History,
  { rowId, head }: VersionAt,
): ObjectVersion | DeleteMarker {
  const content = head.is === 'object' ? tables.contents.get(contentKey(rowId)) : undefined
  return parseVersion({ bucketId, key, rowId }, head, content)
}

/** The head of a version that was removed, and is not released yet. */
export function buriedVersion(history: History, rowId: string): VersionAt | undefined {
  const head = history.tables.graveyard.get(versionKey(history, rowId))
  return head && { rowId, head: parseVersionHead(head) }
}

/** Puts an object on top, in place of the null version where the bucket's state says so. */
export function placeObject(
  history: History,
  content: ObjectContent,
  making: Making,
): { versionId: VersionId; rowId: string } {
  const { tables, listingKey } = history
  const { rowId, versionId, replaced } = makeRoom(history, making)
  const objects = making.current ? 0 : 1
  count(history, making, { objects, versions: 1, bytes: content.size }, replaced)
  const isNamed = making.commitId !== undefined
  const head = encodeObjectHead(content, { versionId, modifiedMs: making.nowMs, isNamed })
  const born = leaseTally(tables).last
  tables.contents.put(contentKey(rowId), encodeContent(content, born))
  tables.objects.put(listingKey, listingRow(rowId, head))
  return { versionId, rowId }
}

/** Puts a delete marker on top, in place of the null version where the bucket's state says so. */
export function placeMarker(history: History, making: Making): VersionId {
  const { tables, listingKey } = history
  const { rowId, versionId, replaced } = makeRoom(history, making)
  count(history, making, { objects: making.current ? -1 : 0, deleteMarkers: 1 }, replaced)
  const isNamed = making.commitId !== undefined
  const head = encodeMarkerHead({ versionId, modifiedMs: making.nowMs, isNamed })
  tables.versions.put(versionKey(history, rowId), head)
  if (making.current) tables.objects.remove(listingKey)
  return versionId
}

/** Takes one version out, and makes the next newest current if nothing newer is left. */
export function takeOut(
  history: History,
  version: VersionAt,
  making: Pick<Making, 'bucket' | 'nowMs'>,
): void {
  const { tables, listingKey } = history
  const { bucket } = making
  const current = currentObject(history)
  bury(history, version, making)
  if (current?.rowId === version.rowId) tables.objects.remove(listingKey)
  else tables.versions.remove(versionKey(history, version.rowId))
  const isCovered = current !== undefined && current.rowId !== version.rowId
  const top =
    isCovered || bucket.versioning === 'off'
      ? undefined
      : tables.versions.first(rangeOf(historyKey(history.bucketId, history.key)))
  const isShown = top !== undefined && parseVersionHead(top.value).is === 'object'
  const wasShown = current !== undefined
  const objects = (isCovered || isShown ? 1 : 0) - (wasShown ? 1 : 0)
  count(history, making, { objects }, version.head)
  if (!isShown) return
  tables.versions.remove(top.key)
  tables.objects.put(listingKey, listingRow(idOfHistoryRow(top.key), top.value))
}

type Room = {
  readonly rowId: string
  readonly versionId: VersionId
  /** Of the version that was buried. */
  readonly replaced: VersionHead | undefined
}

/** With the one that goes. */
function count(
  { tables, bucketId }: History,
  { bucket }: Pick<Making, 'bucket'>,
  change: UsageChange & { readonly objects: number },
  gone: VersionHead | undefined,
): void {
  const whole =
    gone === undefined ? change : addUsage(addUsage(noUsage, change), usageWithout(gone))
  countChange(tables, { tenantId: bucket.tenantId, bucketId }, whole)
}

/**
 * Draws the ids of a version to be put on top. The object it covers moves out of the listing's way,
 * or, where it replaces the null version, that one is buried.
 */
function makeRoom(history: History, making: Making): Room {
  const { tables, listingKey } = history
  const { bucket, current } = making
  if (bucket.versioning === 'off') {
    if (current) bury(history, current, making)
    const rowId = nextRowId(current?.rowId, making)
    return { rowId, versionId: 'null', replaced: current?.head }
  }
  const newest = current ?? newestOlder(history)
  const rowId = nextRowId(newest?.rowId, making)
  const replaced = bucket.versioning === 'suspended' ? nullVersion(history) : undefined
  if (replaced) bury(history, replaced, making)
  if (replaced && replaced.rowId !== current?.rowId) {
    tables.versions.remove(versionKey(history, replaced.rowId))
  }
  if (current && current.rowId !== replaced?.rowId) {
    const listed = tables.objects.get(listingKey)
    assert(listed !== undefined)
    tables.versions.put(versionKey(history, current.rowId), listed.subarray(rowIdBytes))
  }
  const isNull = bucket.versioning === 'suspended'
  if (isNull) tables.nullVersions.put(listingKey, Buffer.from(rowId, 'hex'))
  return { rowId, versionId: versionIdOfRow(rowId, { isNull }), replaced: replaced?.head }
}

/**
 * What is to be done for a version whose head is about to be taken away. It goes to the graveyard if a
 * lease covers it, which then holds it back, or if it has chunks, whose release is due; else its content
 * goes with it.
 */
function bury(
  history: History,
  version: VersionAt,
  { bucket, nowMs }: Pick<Making, 'bucket' | 'nowMs'>,
): void {
  const { tables, listingKey } = history
  const { rowId, head } = version
  if (head.isNamed && nowMs - head.modifiedMs < commitMemoryMs) {
    const deleteMarker = head.is === 'deleteMarker'
    remember(tables, timedCommit(head.modifiedMs, rowId), {
      is: deleteMarker ? 'deleted' : 'committed',
      versionId: versionIdOfRow(rowId, head),
      versioning: bucket.versioning,
      deleteMarker,
    })
  }
  if (head.is === 'object') {
    const graveKey = versionKey(history, rowId)
    const { tenantId } = bucket
    const { bucketId, key } = history
    if (holdBack(tables, { graveKey, tenantId, bucketId, key, rowId })) {
      tables.graveyard.put(graveKey, headBytes(history, rowId))
    } else if (head.holdsChunks) {
      tables.graveyard.put(graveKey, headBytes(history, rowId))
      appendRelease(tables, tenantId, { what: 'version', graveKey })
    } else {
      tables.contents.remove(contentKey(rowId))
    }
  }
  if (head.isNull && bucket.versioning !== 'off') {
    const noted = tables.nullVersions.get(listingKey)
    if (noted?.toString('hex') === rowId) tables.nullVersions.remove(listingKey)
  }
}

function newestOlder({ tables, bucketId, key }: History): VersionAt | undefined {
  const row = tables.versions.first(rangeOf(historyKey(bucketId, key)))
  return row && versionAt(row)
}

export function versionAt(row: Row): VersionAt {
  return { rowId: idOfHistoryRow(row.key), head: parseVersionHead(row.value) }
}

/** The stored head of a version that is still in its place. */
function headBytes(history: History, rowId: string): Buffer {
  const { tables, listingKey } = history
  const listed = tables.objects.get(listingKey)
  if (listed?.toString('hex', 0, rowIdBytes) === rowId) return listed.subarray(rowIdBytes)
  const head = tables.versions.get(versionKey(history, rowId))
  assert(head !== undefined, 'a version without its head')
  return head
}

function versionKey({ bucketId, key }: History, rowId: string): Buffer {
  return historyRowKey(historyKey(bucketId, key), rowId)
}

function listingRow(rowId: string, head: Buffer): Buffer {
  const row = Buffer.allocUnsafe(rowIdBytes + head.length)
  row.write(rowId, 0, 'hex')
  row.set(head, rowIdBytes)
  return row
}
