// The walk that all listings share: rows of one bucket in key order, keys that share a prefix up to
// the delimiter rolled into one entry and jumped over with a seek, and an exact "is there more".
import type { ListQuery } from '../metadata-store.ts'
import { successor } from './row-keys.ts'

/** S3's limit. A longer marker is cut to this, which leaves the order of the keys around it. */
const keyBytesMax = 1024

/** A row and the key it belongs to, whose own bytes begin at `keyAt` of the bytes given. */
export type KeyedRow<Row> = { readonly bytes: Buffer; readonly keyAt: number; readonly row: Row }
export function keyOf({ bytes, keyAt }: Omit<KeyedRow<unknown>, 'row'>): string {
  return bytes.toString('utf8', keyAt)
}

/** From `start`, inclusive, to `end`, exclusive: bounds of raw keys, in key order. */
export type KeyBounds = { readonly start: Buffer; readonly end: Buffer }

export type KeyWalk<Row, Entry> = {
  readonly query: ListQuery
  readonly rowsWithin: (bounds: KeyBounds) => Iterable<KeyedRow<Row>>
  /** Rows from within `query.after.key` on, instead of from behind it. */
  readonly rowsResumed?: ((bounds: KeyBounds) => Iterable<KeyedRow<Row>>) | undefined
  readonly entry: (keyed: KeyedRow<Row>) => Entry
}
type Walked<Entry> = {
  entries: (Entry | { is: 'prefix'; prefix: string })[]
  isTruncated: boolean
}

export function walkKeys<Row, Entry>(walk: KeyWalk<Row, Entry>): Walked<Entry> {
  const { query } = walk
  const prefix = Buffer.from(query.prefix)
  const entries: Walked<Entry>['entries'] = []
  if (query.limit <= 0 || prefix.length > keyBytesMax) return { entries, isTruncated: false }

  const delimiter = query.delimiter ? Buffer.from(query.delimiter) : undefined
  // UTF-8 has no byte above F4: this is behind all keys.
  const end = prefix.length === 0 ? Buffer.of(0xff) : successor(prefix)
  const first = firstLeg(walk, prefix)
  let rowsWithin = first.rowsWithin
  let start: Buffer | undefined = first.start
  while (start !== undefined && start.compare(end) < 0) {
    const bounds: KeyBounds = { start, end }
    start = undefined
    for (const keyed of rowsWithin(bounds)) {
      if (entries.length === query.limit) return { entries, isTruncated: true }
      const { bytes, keyAt } = keyed
      const cut = delimiter ? bytes.indexOf(delimiter, keyAt + prefix.length) : -1
      if (delimiter && cut >= 0) {
        const group = bytes.subarray(keyAt, cut + delimiter.length)
        entries.push({ is: 'prefix', prefix: group.toString() })
        start = successor(group)
        break
      }
      entries.push(walk.entry(keyed))
    }
    rowsWithin = walk.rowsWithin
  }
  return { entries, isTruncated: false }
}

/** Where the walk begins, and which rows it reads until it first jumps. */
function firstLeg<Row, Entry>(
  { query, rowsWithin, rowsResumed }: KeyWalk<Row, Entry>,
  prefix: Buffer,
): Pick<KeyWalk<Row, Entry>, 'rowsWithin'> & { start: Buffer } {
  const resumed = query.after && Buffer.from(query.after.key)
  if (rowsResumed && resumed && resumed.compare(prefix) >= 0) {
    return { rowsWithin: rowsResumed, start: resumed }
  }
  const start = startAfter(query)
  return { rowsWithin, start: start.compare(prefix) < 0 ? prefix : start }
}

/** The smallest raw key that comes after the position. */
function startAfter({ after }: ListQuery): Buffer {
  if (after === undefined) return Buffer.alloc(0)
  const key = Buffer.from(after.key)
  if (after.group && key.length <= keyBytesMax) return successor(key)
  return Buffer.concat([key.subarray(0, keyBytesMax), Buffer.of(0)])
}
