// The walk that all listings share: documents of one bucket in key order, keys that share a prefix up to the
// delimiter rolled into one entry and jumped over, and an exact "is there more".
//
// A jump costs a command only when what was read in advance does not reach behind the group: small groups are stepped
// over in what is here, large ones by asking anew behind them.
import type { Listed, ListQuery } from '../metadata-store.ts'

export type KeyRow = { readonly k: string }

/** Keys from `from` on, or behind it, up to `to`, exclusive. Both are compared as UTF-8 bytes. */
export type KeyRange = {
  readonly from: string
  readonly isExclusive: boolean
  /** Undefined: to the end. */
  readonly to: string | undefined
}

export type KeyWalk<Row extends KeyRow, Entry> = {
  readonly query: ListQuery
  /** The first rows of a range. `after`: the last row read so far, behind which to go on. */
  readonly read: (range: KeyRange, limit: number, after?: Row) => Promise<readonly Row[]>
  /** Rows from within `query.after.key` on, which come before those behind it. */
  readonly resumed?: readonly Row[] | undefined
  readonly entry: (row: Row) => Entry
}

/** S3's limit. No key is longer, so that nothing begins with a longer prefix. */
const keyBytesMax = 1024
/** Read at first behind a jump; more each time, up to a page. */
const firstRead = 32

export async function walkKeys<Row extends KeyRow, Entry>(
  walk: KeyWalk<Row, Entry>,
): Promise<Listed<Entry>> {
  const { query } = walk
  const { prefix, delimiter, limit } = query
  const entries: (Entry | { is: 'prefix'; prefix: string })[] = []
  if (limit <= 0 || Buffer.byteLength(prefix) > keyBytesMax) return { entries, isTruncated: false }
  const start = startOf(query)
  if (start === undefined) return { entries, isTruncated: false }
  const rows = new RowReader(walk, start, limit)
  for (let row = await rows.next(); row !== undefined; row = await rows.next()) {
    if (entries.length === limit) return { entries, isTruncated: true }
    const cut = delimiter ? row.k.indexOf(delimiter, prefix.length) : -1
    if (delimiter && cut >= 0) {
      const group = row.k.slice(0, cut + delimiter.length)
      entries.push({ is: 'prefix', prefix: group })
      rows.jumpOver(group)
    } else {
      entries.push(walk.entry(row))
    }
  }
  return { entries, isTruncated: false }
}

class RowReader<Row extends KeyRow, Entry> {
  readonly #walk: KeyWalk<Row, Entry>
  readonly #limit: number
  #rows: readonly Row[]
  #at = 0
  #last: Row | undefined
  /** What is still to be read; undefined when that is nothing. */
  #range: KeyRange | undefined
  #reads: number

  constructor(walk: KeyWalk<Row, Entry>, range: KeyRange, limit: number) {
    this.#walk = walk
    this.#range = range
    this.#limit = limit + 1
    this.#rows = walk.resumed ?? []
    this.#reads = walk.query.delimiter ? Math.min(firstRead, this.#limit) : this.#limit
  }

  async next(): Promise<Row | undefined> {
    while (this.#at === this.#rows.length) {
      if (this.#range === undefined) return undefined
      const asked = this.#reads
      this.#rows = await this.#walk.read(this.#range, asked, this.#last)
      this.#at = 0
      this.#reads = Math.min(this.#limit, asked * 2)
      this.#last = this.#rows.at(-1) ?? this.#last
      if (this.#rows.length < asked) this.#range = undefined
    }
    const row = this.#rows[this.#at]
    this.#at += 1
    return row
  }

  jumpOver(group: string): void {
    while (this.#rows[this.#at]?.k.startsWith(group)) this.#at += 1
    if (this.#at < this.#rows.length || this.#range === undefined) return
    const from = successorOf(group)
    this.#last = undefined
    this.#range = from === undefined ? undefined : { ...this.#range, from, isExclusive: false }
    if (this.#range?.to !== undefined && compare(this.#range.from, this.#range.to) >= 0) {
      this.#range = undefined
    }
  }
}

/** Undefined: nothing can be there. */
function startOf({ prefix, after }: ListQuery): KeyRange | undefined {
  const to = successorOf(prefix)
  if (after === undefined) return { from: prefix, isExclusive: false, to }
  const behind = after.group ? successorOf(after.key) : after.key
  if (behind === undefined) return undefined
  if (compare(behind, prefix) < 0) return { from: prefix, isExclusive: false, to }
  if (to !== undefined && compare(behind, to) >= 0) return undefined
  return { from: behind, isExclusive: !after.group, to }
}

/**
 * The smallest text that comes after all that begin with this one; undefined when there is none. UTF-8 keeps the
 * order of code points, in which the surrogates are left out.
 */
export function successorOf(prefix: string): string | undefined {
  const points = [...prefix]
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0
    if (point === 0x10ffff) continue
    const next = point === 0xd7ff ? 0xe000 : point + 1
    return points.join('') + String.fromCodePoint(next)
  }
  return undefined
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A filter of keys. */
export function keysWithin({ from, isExclusive, to }: KeyRange) {
  return {
    ...(isExclusive ? { $gt: from } : { $gte: from }),
    ...(to === undefined ? {} : { $lt: to }),
  }
}
