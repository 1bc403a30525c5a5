// The current objects of a prefix at one moment: a snapshot of the listing, read page by page.
import assert from 'node:assert'
import { setImmediate } from 'node:timers/promises'
import { folderClash } from '../../protocol/zip/folder-clash.ts'
import type { BucketRef, FrozenObject, FrozenObjects } from '../metadata-store.ts'
import type { KeyRange, LmdbEnvironment, LmdbSnapshot, Row, Tables } from './lmdb-environment.ts'
import { bucketIdBytes, objectKey, rangeOf } from './row-keys.ts'
import { parseListingRow } from './version-history.ts'

/** Rows read without a pause: about a millisecond. */
const pageRows = 1000

export function freezeObjects(
  env: LmdbEnvironment,
  bucket: BucketRef,
  prefix: string,
): FrozenObjects {
  const snapshot = env.snapshot()
  const below = (beginning: string) => {
    assert(beginning.startsWith(prefix), 'a prefix that was not frozen')
    return rangeOf(objectKey(bucket.id, beginning))
  }
  return {
    pages: (beginning = prefix) =>
      pagesOf(env.tables, snapshot, { bucket, range: below(beginning) }),
    find: async (key) => {
      const range = below(key)
      const [row] = env.tables.listing.rowsOf(snapshot, { ...range, limit: 1 })
      if (row === undefined || !row.key.equals(range.start)) return undefined
      const slash = below(`${key}/`)
      const hasFolder = () => env.tables.listing.rowsOf(snapshot, { ...slash, limit: 1 }).length > 0
      return { ...objectOf(row), besideFolder: hasFolder() }
    },
    close: async () => snapshot.close(),
  }
}

async function* pagesOf(
  tables: Tables,
  snapshot: LmdbSnapshot,
  { bucket, range }: { readonly bucket: BucketRef; readonly range: KeyRange },
): AsyncGenerator<readonly FrozenObject[], void, void> {
  let start: Buffer | undefined = range.start
  while (start !== undefined) {
    // One row more than the page has tells where the next begins, and what follows the last.
    const rows = tables.listing.rowsOf(snapshot, { start, end: range.end, limit: pageRows + 1 })
    start = rows[pageRows]?.key
    const hasFolder = (key: string) => {
      const below = rangeOf(objectKey(bucket.id, `${key}/`))
      return tables.listing.rowsOf(snapshot, { ...below, limit: 1 }).length > 0
    }
    const page = frozen(rows, hasFolder)
    if (page.length > 0) yield page
    await setImmediate()
  }
}

function frozen(
  rows: readonly Row[],
  hasFolder: (key: string) => boolean,
): readonly FrozenObject[] {
  const keys = rows.map((row) => row.key.toString('utf8', bucketIdBytes))
  return rows.slice(0, pageRows).map((row, index) => {
    const key = keys[index] ?? ''
    const clash = folderClash(key, keys[index + 1])
    const besideFolder = clash === 'folder' || (clash === 'unknown' && hasFolder(key))
    return { ...objectOf(row), besideFolder }
  })
}

function objectOf(row: Row): Omit<FrozenObject, 'besideFolder'> {
  const { rowId, head } = parseListingRow(row.value)
  const { size, crc32, modifiedMs } = head
  return { key: row.key.toString('utf8', bucketIdBytes), rowId, size, crc32, modifiedMs }
}
