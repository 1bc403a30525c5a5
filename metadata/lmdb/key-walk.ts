// The walk that all listings share: rows of one bucket in key order, keys that share a prefix up to
// the delimiter rolled into one entry and jumped over with a seek, and an exact "is there more".
import type { ListQuery } from '../metadata-store.ts'
import type { BucketId } from '../records.ts'
import type { LmdbTable, Row } from './lmdb-environment.ts'
import { bucketIdBytes, escapeNuls, rawKeyOfHistoryRow, successor } from './row-keys.ts'

/** S3's limit. A longer marker is cut to this, which leaves the order of the keys around it. */
const keyBytesMax = 1024

export type KeyWalk<Entry> = {
  readonly table: LmdbTable
  readonly bucketId: BucketId
  /** How the table spells keys: `listing` rows hold them raw, histories escaped with a terminator. */
  readonly spelling: 'raw' | 'history'
  readonly query: ListQuery
  /** The first row to look at within the history of `query.after.key`, instead of going past it. */
  readonly resumeAt?: Buffer | undefined
  readonly entry: (key: Buffer, row: Row) => Entry
}
type Walked<Entry> = {
  entries: (Entry | { is: 'prefix'; prefix: string })[]
  isTruncated: boolean
}

export function walkKeys<Entry>(walk: KeyWalk<Entry>): Walked<Entry> {
  const { query, table, spelling } = walk
  const bucket = Buffer.from(walk.bucketId, 'hex')
  const spell = (raw: Buffer) => Buffer.concat([bucket, spelling === 'raw' ? raw : escapeNuls(raw)])
  const prefix = Buffer.from(query.prefix)
  const entries: Walked<Entry>['entries'] = []
  if (query.limit <= 0 || prefix.length > keyBytesMax) return { entries, isTruncated: false }

  const delimiter = query.delimiter ? Buffer.from(query.delimiter) : undefined
  const end = successor(spell(prefix))
  let start: Buffer | undefined = latest(spell(prefix), walk.resumeAt ?? startAfter(query, spell))
  while (start !== undefined && start.compare(end) < 0) {
    const from = start
    start = undefined
    for (const row of table.rows({ start: from, end })) {
      if (entries.length === query.limit) return { entries, isTruncated: true }
      const key = spelling === 'raw' ? row.key.subarray(bucketIdBytes) : rawKeyOfHistoryRow(row.key)
      const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1
      if (delimiter && cut >= 0) {
        const group = key.subarray(0, cut + delimiter.length)
        entries.push({ is: 'prefix', prefix: group.toString() })
        start = successor(spell(group))
        break
      }
      entries.push(walk.entry(key, row))
    }
  }
  return { entries, isTruncated: false }
}

function startAfter(query: ListQuery, spell: (raw: Buffer) => Buffer): Buffer {
  if (query.after === undefined) return spell(Buffer.alloc(0))
  const after = Buffer.from(query.after.key)
  const cut = after.subarray(0, keyBytesMax)
  if (query.after.group && after.length <= keyBytesMax) return successor(spell(after))
  // The next key that there can be is this one and a NUL; its escaped form is just as close.
  return spell(Buffer.concat([cut, Buffer.of(0)]))
}

function latest(a: Buffer, b: Buffer): Buffer {
  return a.compare(b) >= 0 ? a : b
}
