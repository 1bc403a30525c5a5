// The versions of one key: which is current, how one is put on top, how one is taken out, and what
// the listing then shows. Conditions, buckets and outcomes are `objects.ts`'s.
import assert from 'node:assert'
import {
  dataOfRow,
  encodeMarker,
  encodeObjectHead,
  encodeObjectRow,
  headOfRow,
  parseVersionHead,
  type VersionHead,
} from '../codec/version-codec.ts'
import { parseVersionId } from '../record-ids.ts'
import type { Bucket, ObjectContent, VersionId } from '../records.ts'
import type { Random } from './buckets.ts'
import { leaseHorizon } from './lease-rows.ts'
import type { Tables } from './lmdb-environment.ts'
import { appendRelease } from './outbox-rows.ts'
import {
  historyKey,
  historyRowKey,
  idOfHistoryRow,
  objectKey,
  rangeOf,
  rowIdBytes,
} from './row-keys.ts'

/** One key of one bucket, inside one transaction, with the beginnings of its rows' keys. */
export type History = {
  readonly tables: Tables
  readonly bucket: Pick<Bucket, 'id' | 'tenantId' | 'versioning'>
  readonly key: string
  readonly listingKey: Buffer
  readonly historyKey: Buffer
}
export type VersionAt = { readonly rowId: string; readonly head: VersionHead }
export type CurrentObject = VersionAt & { readonly head: Extract<VersionHead, { is: 'object' }> }

const orderBytes = 6
const orderMax = 2 ** 48 - 1

export function historyOf(tables: Tables, bucket: History['bucket'], key: string): History {
  return {
    tables,
    bucket,
    key,
    listingKey: objectKey(bucket.id, key),
    historyKey: historyKey(bucket.id, key),
  }
}

/** The current object; undefined when there is none, or a delete marker is on top. */
export function currentObject({ tables, listingKey }: History): CurrentObject | undefined {
  const row = tables.listing.get(listingKey)
  return row && parseListingRow(row)
}

export function parseListingRow(row: Buffer): CurrentObject {
  const head = parseVersionHead(row.subarray(rowIdBytes))
  assert(head.is === 'object', 'a delete marker in the listing')
  return { rowId: row.toString('hex', 0, rowIdBytes), head }
}

/** What is on top, marker or object. */
export function newestVersion(history: History): VersionAt | undefined {
  const row = history.tables.versions.first(rangeOf(history.historyKey))
  return row && versionAt(row)
}

/** The version that a client's id names. */
export function namedVersion(history: History, versionId: VersionId): VersionAt | undefined {
  if (versionId === 'null') return nullVersion(history)
  const row = history.tables.versions.get(historyRowKey(history.historyKey, versionId))
  if (row === undefined) return undefined
  const head = parseVersionHead(headOfRow(row))
  // The null version's row has an id too, which is no version id.
  return head.isNull ? undefined : { rowId: versionId, head }
}

/** The null version: the one noted, else the oldest if it dates from before versioning. */
export function nullVersion(history: History): VersionAt | undefined {
  const { tables, listingKey } = history
  const noted = tables.nulls.get(listingKey)
  if (noted !== undefined) {
    const rowId = noted.toString('hex')
    const row = tables.versions.get(historyRowKey(history.historyKey, rowId))
    assert(row !== undefined, 'the noted null version has no row')
    return { rowId, head: parseVersionHead(headOfRow(row)) }
  }
  const oldest = tables.versions.last(rangeOf(history.historyKey))
  const version = oldest && versionAt(oldest)
  return version?.head.isNull ? version : undefined
}

export function versionIdOf({ rowId, head }: VersionAt): VersionId {
  const id = head.isNull ? 'null' : parseVersionId(rowId)
  assert(id !== undefined, 'a row id that is no version id')
  return id
}

/**
 * An id for a version that becomes the newest: inverted milliseconds, below the newest there is, then
 * ten random bytes. So the clock gives the order as long as it runs forward, and commits do when not.
 */
export function nextRowId(newest: string | undefined, nowMs: number, random: Random): string {
  const byClock = orderMax - nowMs
  const bound =
    newest === undefined ? orderMax : Number.parseInt(newest.slice(0, orderBytes * 2), 16)
  const order = Math.min(byClock, bound - 1)
  assert(order >= 0, 'no row id is left below the newest')
  const id = Buffer.alloc(rowIdBytes)
  id.writeUIntBE(order, 0, orderBytes)
  id.set(random(rowIdBytes - orderBytes), orderBytes)
  return id.toString('hex')
}

/** Puts an object on top, in place of the null version where the bucket's state says so. */
export function placeObject(
  history: History,
  content: ObjectContent,
  made: { nowMs: number; random: Random; current: CurrentObject | undefined },
): { versionId: VersionId; rowId: string } {
  const { tables, listingKey } = history
  const { rowId, versionId } = makeRoom(history, made)
  const head = encodeObjectHead({ ...content, versionId, modifiedMs: made.nowMs })
  const row = encodeObjectRow(head, content)
  tables.versions.put(historyRowKey(history.historyKey, rowId), row)
  tables.listing.put(listingKey, listingRow(rowId, head))
  return { versionId, rowId }
}

/** Puts a delete marker on top, in place of the null version where the bucket's state says so. */
export function placeMarker(
  history: History,
  made: { nowMs: number; random: Random; current: CurrentObject | undefined },
): VersionId {
  const { tables, listingKey } = history
  const { rowId, versionId } = makeRoom(history, made)
  const row = encodeMarker({ versionId, modifiedMs: made.nowMs })
  tables.versions.put(historyRowKey(history.historyKey, rowId), row)
  if (made.current) tables.listing.remove(listingKey)
  return versionId
}

/** Takes one version out, and makes the next newest current if this was the newest. */
export function takeOut(history: History, version: VersionAt): void {
  const { tables, listingKey, bucket } = history
  const listed = tables.listing.get(listingKey)
  const wasListed = listed?.toString('hex', 0, rowIdBytes) === version.rowId
  const mayUncover = version.head.is === 'deleteMarker' && listed === undefined
  bury(history, version)
  if (!wasListed && !mayUncover) return
  const top =
    bucket.versioning === 'off' ? undefined : tables.versions.first(rangeOf(history.historyKey))
  const head = top && headOfRow(top.value)
  if (top && head && parseVersionHead(head).is === 'object') {
    tables.listing.put(listingKey, listingRow(idOfHistoryRow(top.key), head))
  } else if (wasListed) {
    tables.listing.remove(listingKey)
  }
}

export function listingRow(rowId: string, head: Buffer): Buffer {
  const row = Buffer.allocUnsafe(rowIdBytes + head.length)
  row.write(rowId, 0, 'hex')
  row.set(head, rowIdBytes)
  return row
}

/** Buries the null version that a new one replaces, and draws the new one's ids. */
function makeRoom(
  history: History,
  made: { nowMs: number; random: Random; current: CurrentObject | undefined },
): { rowId: string; versionId: VersionId } {
  const { tables, bucket, listingKey } = history
  const unversioned = bucket.versioning === 'off'
  const newest = made.current ?? (unversioned ? undefined : newestVersion(history))
  const rowId = nextRowId(newest?.rowId, made.nowMs, made.random)
  if (bucket.versioning === 'enabled') {
    const versionId = parseVersionId(rowId)
    assert(versionId !== undefined)
    return { rowId, versionId }
  }
  const replaced = unversioned ? made.current : nullVersion(history)
  if (replaced) bury(history, replaced)
  if (!unversioned) tables.nulls.put(listingKey, Buffer.from(rowId, 'hex'))
  return { rowId, versionId: 'null' }
}

/**
 * Removes a version's row. If it holds chunks, or a lease lives, it moves to the graveyard and a
 * release is due; else nothing is left to do.
 */
function bury(history: History, { rowId, head }: VersionAt): void {
  const { tables, bucket, listingKey } = history
  const rowKey = historyRowKey(history.historyKey, rowId)
  const holdsChunks = head.is === 'object' && head.holdsChunks
  if (holdsChunks || (head.is === 'object' && leaseHorizon(tables) !== undefined)) {
    const row = tables.versions.get(rowKey)
    assert(row !== undefined && dataOfRow(row) !== undefined, 'a version without its row')
    tables.graveyard.put(rowKey, row)
    appendRelease(tables, bucket.tenantId, { what: 'version', graveKey: rowKey })
  }
  tables.versions.remove(rowKey)
  if (head.isNull && bucket.versioning !== 'off') {
    const noted = tables.nulls.get(listingKey)
    if (noted?.toString('hex') === rowId) tables.nulls.remove(listingKey)
  }
}

function versionAt(row: { key: Buffer; value: Buffer }): VersionAt {
  return { rowId: idOfHistoryRow(row.key), head: parseVersionHead(headOfRow(row.value)) }
}
