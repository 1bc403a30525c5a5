// Listings of current objects and of versions. The latter are two tables read side by side, since the
// current object of a key is in the listing alone.
import { parseVersionHead, versionIdOfRow } from '../codec/version-codec.ts'
import type { BucketRef, Listed, ListQuery } from '../metadata-store.ts'
import type { BucketId, ObjectSummary, VersionId, VersionSummary } from '../records.ts'
import { type KeyBounds, type KeyedRow, keyOf, walkKeys } from './key-walk.ts'
import type { Tables } from './lmdb-environment.ts'
import {
  historyBound,
  historyKey,
  historyRowKey,
  idOfHistoryRow,
  justAfter,
  objectBound,
  rawKeyAt,
  rawKeyOfHistoryRow,
} from './row-keys.ts'
import {
  currentObject,
  headOfListingRow,
  historyOf,
  newestVersion,
  nullVersion,
  parseListingRow,
  type VersionAt,
} from './version-history.ts'

export function listObjects(
  tables: Tables,
  { id }: BucketRef,
  query: ListQuery,
): Listed<ObjectSummary & { is: 'object' }> {
  return walkKeys({
    query,
    rowsWithin: (bounds) => currentWithin(tables, id, bounds),
    entry: (keyed) => {
      const { size, etag, modifiedMs, storageClass, checksum, owner } = headOfListingRow(keyed.row)
      const is = 'object' as const
      const key = keyOf(keyed)
      const summary = checksum
        ? { is, key, size, etag, modifiedMs, storageClass, checksum }
        : { is, key, size, etag, modifiedMs, storageClass }
      return owner === undefined ? summary : { ...summary, owner }
    },
  })
}

type VersionQuery = ListQuery & { afterVersionId?: VersionId }

export function listObjectVersions(
  tables: Tables,
  { id }: BucketRef,
  query: VersionQuery,
): Listed<VersionSummary> {
  const resumeRowId = resumePoint(tables, id, query)
  // The key of the version before: a version is the latest if that is another one.
  let keyBefore: string | undefined
  return walkKeys({
    query,
    rowsWithin: (bounds) =>
      inKeyOrder(
        listedVersions(currentWithin(tables, id, bounds)),
        olderVersions(tables, {
          start: historyBound(id, bounds.start),
          end: historyBound(id, bounds.end),
        }),
      ),
    rowsResumed:
      resumeRowId === undefined
        ? undefined
        : (bounds) => {
            const newest = newestVersion(historyOf(tables, id, query.after?.key ?? ''))
            if (newest && newest.rowId <= resumeRowId) keyBefore = query.after?.key
            return resumedVersions(tables, id, { bounds, resumeRowId })
          },
    entry: (keyed) => {
      const key = keyOf(keyed)
      const isLatest = key !== keyBefore
      keyBefore = key
      return summaryOf(key, isLatest, keyed.row)
    },
  })
}

/** All versions that come after the row id within the first key, and of all keys behind it. */
function resumedVersions(
  tables: Tables,
  id: BucketId,
  { bounds, resumeRowId }: { bounds: KeyBounds; resumeRowId: string },
): Iterable<KeyedRow<VersionAt>> {
  const key = bounds.start.toString()
  const current = currentObject(historyOf(tables, id, key))
  const isBehind = current !== undefined && current.rowId > resumeRowId
  const listed = { start: isBehind ? bounds.start : justAfter(bounds.start), end: bounds.end }
  const older = {
    start: justAfter(historyRowKey(historyKey(id, key), resumeRowId)),
    end: historyBound(id, bounds.end),
  }
  return inKeyOrder(listedVersions(currentWithin(tables, id, listed)), olderVersions(tables, older))
}

function* currentWithin(
  tables: Tables,
  id: BucketId,
  { start, end }: KeyBounds,
): Generator<KeyedRow<Buffer>> {
  const range = { start: objectBound(id, start), end: objectBound(id, end) }
  for (const { key, value } of tables.objects.rows(range)) {
    yield { bytes: key, keyAt: rawKeyAt, row: value }
  }
}

function* listedVersions(rows: Iterable<KeyedRow<Buffer>>): Generator<KeyedRow<VersionAt>> {
  for (const { bytes, keyAt, row } of rows) yield { bytes, keyAt, row: parseListingRow(row) }
}

function* olderVersions(tables: Tables, range: KeyBounds): Generator<KeyedRow<VersionAt>> {
  for (const { key, value } of tables.versions.rows(range)) {
    const row = { rowId: idOfHistoryRow(key), head: parseVersionHead(value) }
    yield { bytes: rawKeyOfHistoryRow(key), keyAt: 0, row }
  }
}

/** Of equal keys the first's comes first: what is current is newer than all else. */
function* inKeyOrder<R>(
  first: Generator<KeyedRow<R>>,
  second: Generator<KeyedRow<R>>,
): Generator<KeyedRow<R>> {
  try {
    let a = first.next()
    let b = second.next()
    while (!a.done || !b.done) {
      const takesFirst = !a.done && (b.done || compareKeyed(a.value, b.value) <= 0)
      if (takesFirst && !a.done) {
        yield a.value
        a = first.next()
      } else if (!b.done) {
        yield b.value
        b = second.next()
      }
    }
  } finally {
    // Whoever stops early leaves no cursor open.
    first.return(undefined)
    second.return(undefined)
  }
}

function compareKeyed(a: KeyedRow<unknown>, b: KeyedRow<unknown>): number {
  return a.bytes.compare(b.bytes, b.keyAt, b.bytes.length, a.keyAt, a.bytes.length)
}

function summaryOf(key: string, isLatest: boolean, { rowId, head }: VersionAt): VersionSummary {
  const versionId = versionIdOfRow(rowId, head)
  const { modifiedMs } = head
  if (head.is === 'deleteMarker') {
    const storageClass = 'STANDARD'
    return { is: 'deleteMarker', key, versionId, isLatest, modifiedMs, storageClass }
  }
  const { size, etag, storageClass, checksum, owner } = head
  const summary = { key, versionId, isLatest, modifiedMs, storageClass, size, etag }
  const whole = owner === undefined ? summary : { ...summary, owner }
  return checksum ? { is: 'object', ...whole, checksum } : { is: 'object', ...whole }
}

/** The row id behind which to go on; of a null version that is gone, one before all of its key. */
function resumePoint(
  tables: Tables,
  id: BucketId,
  { after, afterVersionId }: VersionQuery,
): string | undefined {
  if (after === undefined || after.group || afterVersionId === undefined) return undefined
  if (Buffer.byteLength(after.key) > 1024) return undefined
  if (afterVersionId !== 'null') return afterVersionId
  return nullVersion(historyOf(tables, id, after.key))?.rowId ?? '0'.repeat(32)
}
