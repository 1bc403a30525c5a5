// The current objects of a prefix at one moment: a snapshot of the listing, read page by page.
import assert from 'node:assert'
import { setImmediate } from 'node:timers/promises'
import { folderClash } from '../../protocol/zip/folder-clash.ts'
import { parseFrozenHead } from '../codec/version-codec.ts'
import type { BucketRef, FrozenObject, FrozenObjects } from '../metadata-store.ts'
import type { KeyRange, LmdbEnvironment, LmdbSnapshot } from './lmdb-environment.ts'
import { objectKey, rangeOf, rawKeyAt, rowIdBytes } from './row-keys.ts'
import type { ParsedRow, RowParser, RowScan } from './row-scan.ts'

/** Rows read without a pause: about a millisecond. */
const pageRows = 1000

type FrozenRow = Pick<FrozenObject, 'rowId' | 'size' | 'crc32' | 'modifiedMs'>
type Scan = RowScan<string, FrozenRow>

const listingParser: RowParser<string, FrozenRow> = {
  key: (bytes, start, end) => bytes.toString('utf8', start + rawKeyAt, end),
  value: (bytes) => ({
    rowId: bytes.toString('hex', 0, rowIdBytes),
    ...parseFrozenHead(bytes, rowIdBytes),
  }),
}

export function freezer(
  env: LmdbEnvironment,
): (bucket: BucketRef, prefix: string) => FrozenObjects {
  const scan = env.scan('objects', listingParser)
  return (bucket, prefix) => new FrozenListing({ scan, snapshot: env.snapshot(), bucket, prefix })
}

class FrozenListing implements FrozenObjects {
  private readonly scan: Scan
  private readonly snapshot: LmdbSnapshot
  private readonly bucket: BucketRef
  private readonly prefix: string

  constructor(parts: {
    readonly scan: Scan
    readonly snapshot: LmdbSnapshot
    readonly bucket: BucketRef
    readonly prefix: string
  }) {
    this.scan = parts.scan
    this.snapshot = parts.snapshot
    this.bucket = parts.bucket
    this.prefix = parts.prefix
  }

  async *pages(beginning = this.prefix): AsyncGenerator<readonly FrozenObject[], void, void> {
    const range = this.below(beginning)
    let start: Buffer | undefined = range.start
    while (start !== undefined) {
      // One row more than the page has tells where the next begins, and what follows the last.
      const rows = this.first({ start, end: range.end }, pageRows + 1)
      const next: string | undefined = rows[pageRows]?.key
      start = next === undefined ? undefined : objectKey(this.bucket.id, next)
      const page = this.frozen(rows)
      if (page.length > 0) yield page
      await setImmediate()
    }
  }

  async find(key: string): Promise<FrozenObject | undefined> {
    const [row] = this.first(this.below(key), 1)
    if (row?.key !== key) return undefined
    return { key, ...row.value, besideFolder: this.hasFolder(key) }
  }

  async close(): Promise<void> {
    this.snapshot.close()
  }

  private below(beginning: string): KeyRange {
    assert(beginning.startsWith(this.prefix), 'a prefix that was not frozen')
    return rangeOf(objectKey(this.bucket.id, beginning))
  }

  private first(range: KeyRange, limit: number): readonly ParsedRow<string, FrozenRow>[] {
    return this.scan.rows(this.snapshot, { ...range, limit })
  }

  private frozen(rows: readonly ParsedRow<string, FrozenRow>[]): readonly FrozenObject[] {
    return rows.slice(0, pageRows).map(({ key, value }, index) => {
      const clash = folderClash(key, rows[index + 1]?.key)
      const besideFolder = clash === 'folder' || (clash === 'unknown' && this.hasFolder(key))
      const { rowId, size, crc32, modifiedMs } = value
      return { key, rowId, size, crc32, modifiedMs, besideFolder }
    })
  }

  private hasFolder(key: string): boolean {
    return this.first(this.below(`${key}/`), 1).length > 0
  }
}
