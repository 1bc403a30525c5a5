// Whether a commit that is asked for was made before: a version names its commit by its row id.
import type { VersionCommit } from '../codec/remembered-codec.ts'
import { versionIdOfRow } from '../codec/version-codec.ts'
import type { CommitId } from '../commit-id.ts'
import { rowIdOrder, rowIdTail, timedCommit } from '../row-ids.ts'
import { recall } from './remembered-commits.ts'
import { historyKey, historyRowKey, idOfHistoryRow, justAfter } from './row-keys.ts'
import {
  currentObject,
  type History,
  type Making,
  type VersionAt,
  versionAt,
} from './version-history.ts'

/**
 * What has become of this very commit, when it was made before: of an object (`committed`) or a marker
 * (`deleted`). Rows are sorted by time, so that only versions which are not older are looked at.
 */
export function madeBefore(
  history: History,
  is: 'committed' | 'deleted',
  { bucket, nowMs, commitId }: Pick<Making, 'bucket' | 'nowMs' | 'commitId'>,
): VersionCommit | undefined {
  if (commitId === undefined) return undefined
  const { tables } = history
  const found = versionMadeBy(history, nowMs, commitId)
  if (found === undefined) return recall(tables, timedCommit(nowMs, commitId), is)
  const deleteMarker = found.head.is === 'deleteMarker'
  if (deleteMarker !== (is === 'deleted')) return undefined
  const { versioning } = bucket
  return { versionId: versionIdOfRow(found.rowId, found.head), versioning, deleteMarker }
}

function versionMadeBy(history: History, nowMs: number, commitId: CommitId): VersionAt | undefined {
  const { tables, bucketId, key } = history
  const tail = rowIdTail(commitId)
  const oldest = rowIdOrder(nowMs)
  const current = currentObject(history)
  if (current?.rowId.endsWith(tail)) return current
  if (current !== undefined && current.rowId.slice(0, oldest.length) > oldest) return undefined
  const start = historyKey(bucketId, key)
  const end = justAfter(historyRowKey(start, oldest + 'f'.repeat(tail.length)))
  for (const row of tables.versions.rows({ start, end })) {
    if (idOfHistoryRow(row.key).endsWith(tail)) return versionAt(row)
  }
  return undefined
}
