// Listings of current objects and of versions.
import { headOfRow, parseVersionHead } from '../codec/version-codec.ts'
import type { BucketRef, Listed, ListQuery } from '../metadata-store.ts'
import type { ObjectSummary, VersionId, VersionSummary } from '../records.ts'
import { walkKeys } from './key-walk.ts'
import type { Row, Tables } from './lmdb-environment.ts'
import { historyKey, historyRowKey, idOfHistoryRow, justAfter } from './row-keys.ts'
import { historyOf, nullVersion, parseListingRow, versionIdOf } from './version-history.ts'

export function listObjects(
  tables: Tables,
  bucket: BucketRef,
  query: ListQuery,
): Listed<ObjectSummary & { is: 'object' }> {
  return walkKeys({
    table: tables.listing,
    bucketId: bucket.id,
    spelling: 'raw',
    query,
    entry: (key, row) => {
      const { head } = parseListingRow(row.value)
      const { size, etag, modifiedMs, storageClass, checksum } = head
      const summary = { is: 'object' as const, key: key.toString(), size, etag, modifiedMs }
      return checksum ? { ...summary, storageClass, checksum } : { ...summary, storageClass }
    },
  })
}

export function listObjectVersions(
  tables: Tables,
  bucket: BucketRef,
  query: ListQuery & { afterVersionId?: VersionId },
): Listed<VersionSummary> {
  const resumeAt = resumePoint(tables, bucket, query)
  let keyBefore =
    resumeAt && !startsHistory(tables, bucket, query, resumeAt) ? query.after?.key : undefined
  return walkKeys({
    table: tables.versions,
    bucketId: bucket.id,
    spelling: 'history',
    query,
    resumeAt,
    entry: (rawKey, row) => {
      const key = rawKey.toString()
      const isLatest = key !== keyBefore
      keyBefore = key
      return summaryOf(key, isLatest, row)
    },
  })
}

function summaryOf(key: string, isLatest: boolean, row: Row): VersionSummary {
  const head = parseVersionHead(headOfRow(row.value))
  const versionId = versionIdOf({ rowId: idOfHistoryRow(row.key), head })
  const { modifiedMs } = head
  if (head.is === 'deleteMarker') {
    const storageClass = 'STANDARD'
    return { is: 'deleteMarker', key, versionId, isLatest, modifiedMs, storageClass }
  }
  const { size, etag, storageClass, checksum } = head
  const summary = { key, versionId, isLatest, modifiedMs, storageClass, size, etag }
  return checksum ? { is: 'object', ...summary, checksum } : { is: 'object', ...summary }
}

/** The row behind the version marker; of a null version that is gone, the newest of its key. */
function resumePoint(
  tables: Tables,
  bucket: BucketRef,
  { after, afterVersionId }: ListQuery & { afterVersionId?: VersionId },
): Buffer | undefined {
  if (after === undefined || after.group || afterVersionId === undefined) return undefined
  const beginning = historyKey(bucket.id, after.key)
  if (afterVersionId !== 'null') return justAfter(historyRowKey(beginning, afterVersionId))
  const version = nullVersion(historyOf(tables, { ...bucket, versioning: 'enabled' }, after.key))
  return version ? justAfter(historyRowKey(beginning, version.rowId)) : beginning
}

/** Whether no version of the marker's key is left before the row at which the listing resumes. */
function startsHistory(
  tables: Tables,
  bucket: BucketRef,
  { after }: ListQuery,
  resumeAt: Buffer,
): boolean {
  const start = historyKey(bucket.id, after?.key ?? '')
  return start.compare(resumeAt) >= 0 || tables.versions.isEmpty({ start, end: resumeAt })
}
