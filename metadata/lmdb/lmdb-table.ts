// One table of the environment: binary keys in byte order, binary values. Here alone every row gets its
// checksum when it is written, and is held against it whenever it is read.
import assert from 'node:assert'
import type { Database, RangeOptions } from 'lmdb'
import { type RowBounds, rowBounds } from './row-bounds.ts'
import { RowChecksum, type RowChecksums } from './row-checksum.ts'
import type { TableName } from './tables.ts'

export type Row = { readonly key: Buffer; readonly value: Buffer }
export type KeyRange = { readonly start: Buffer; readonly end: Buffer }

/** Whether a verb that writes runs now. */
export type TransactionFlag = { runs: boolean }

type TableParts = {
  /** Absent where the table is not there and nothing can be written. */
  readonly db: Database<Buffer, Buffer> | undefined
  readonly transaction: TransactionFlag
  readonly checksums: RowChecksums
}

/** Whatever reads throws `MetadataDamaged` at a row that is not as it was written. */
export class LmdbTable {
  readonly #db: Database<Buffer, Buffer> | undefined
  readonly #transaction: TransactionFlag
  readonly #checksums: RowChecksums
  readonly #checksum: RowChecksum
  readonly #bounds: RowBounds

  constructor(name: TableName, { db, transaction, checksums }: TableParts) {
    this.#db = db
    this.#transaction = transaction
    this.#checksums = checksums
    this.#checksum = new RowChecksum(name)
    this.#bounds = rowBounds[name]
  }

  /** The value, as a buffer of its own. */
  get(key: Buffer): Buffer | undefined {
    const stored = this.getStored(key)
    return stored && this.#open(key, stored)
  }

  has(key: Buffer): boolean {
    return this.get(key) !== undefined
  }

  /** A key that is out of bounds throws, before LMDB sees it. */
  put(key: Buffer, value: Buffer): void {
    const { from, to } = this.#bounds
    assert(key.length >= from && key.length <= to, 'a key of a row that is out of bounds')
    this.putStored(key, this.#checksums.areOn ? this.#checksum.seal(key, value) : value)
  }

  remove(key: Buffer): void {
    assert(this.#transaction.runs, 'a removal outside of a transaction')
    void this.#db?.remove(key)
  }

  /** Rows from `start`, inclusive, to `end`, exclusive, read as the caller goes on. */
  *rows(range: KeyRange): Generator<Row> {
    for (const row of this.#range({ start: range.start, end: range.end })) {
      const key = asBuffer(row.key)
      yield { key, value: this.#open(key, asBuffer(row.value)) }
    }
  }

  /** The same, with the damaged ones left out and told of. */
  *intactRows(range: KeyRange, onDamaged: (key: Buffer) => void = () => {}): Generator<Row> {
    for (const { key, value } of this.storedRows(range)) {
      const opened = this.#checksums.areOn
        ? this.#checksum.openAfter(this.#checksum.afterKey(key), value)
        : value
      if (opened === undefined) onDamaged(key)
      else yield { key, value: opened }
    }
  }

  /** The first keys of the range, at most `limit`. */
  keys({ limit, ...range }: KeyRange & { readonly limit: number }): readonly Buffer[] {
    return firstKeys(this.rows(range), limit)
  }

  /** The same, with the damaged ones left out: for who must not be held up by them. */
  intactKeys({ limit, ...range }: KeyRange & { readonly limit: number }): readonly Buffer[] {
    return firstKeys(this.intactRows(range), limit)
  }

  /** As `keys`, for rows that are to go: what they hold is not looked at. */
  keysToRemove(range: KeyRange & { readonly limit: number }): readonly Buffer[] {
    return this.#db === undefined ? [] : Array.from(this.#db.getKeys(range), asBuffer)
  }

  first(range: KeyRange): Row | undefined {
    for (const row of this.#range({ start: range.start, end: range.end, limit: 1 })) {
      const key = asBuffer(row.key)
      return { key, value: this.#open(key, asBuffer(row.value)) }
    }
    return undefined
  }

  last(range: KeyRange): Row | undefined {
    const backwards = { start: range.end, end: range.start, reverse: true, limit: 2 }
    for (const row of this.#range(backwards)) {
      const key = asBuffer(row.key)
      if (key.compare(range.end) >= 0) continue
      if (key.compare(range.start) < 0) return undefined
      return { key, value: this.#open(key, asBuffer(row.value)) }
    }
    // A reverse range leaves out its end, which is our inclusive start.
    const value = this.get(range.start)
    return value && { key: range.start, value }
  }

  isEmpty(range: KeyRange): boolean {
    return this.first(range) === undefined
  }

  /** How many rows the table has. O(1). */
  count(): number {
    if (this.#db === undefined) return 0
    const stats: { entryCount?: number } = this.#db.getStats()
    assert(stats.entryCount !== undefined, 'the engine does not count its rows')
    return stats.entryCount
  }

  /** A value with whatever is behind it: for the layout's own note, and who brings rows forward. */
  getStored(key: Buffer): Buffer | undefined {
    const bytes = this.#db?.getBinary(key)
    return bytes && asBuffer(bytes)
  }

  putStored(key: Buffer, stored: Buffer): void {
    assert(this.#transaction.runs, 'a write outside of a transaction')
    void this.#db?.put(key, stored)
  }

  /** Removes all rows. Their pages go one by one to those that are free, and no page is split. */
  clear(): void {
    assert(this.#transaction.runs, 'a removal outside of a transaction')
    this.#db?.clearSync()
  }

  *storedRows(range: KeyRange): Generator<Row> {
    for (const { key, value } of this.#range({ start: range.start, end: range.end })) {
      yield { key: asBuffer(key), value: asBuffer(value) }
    }
  }

  #range(options: RangeOptions): Iterable<{ key: Uint8Array; value: Uint8Array }> {
    return this.#db?.getRange(options) ?? []
  }

  #open(key: Buffer, stored: Buffer): Buffer {
    return this.#checksums.areOn ? this.#checksum.open(key, stored) : stored
  }
}

function firstKeys(rows: Iterable<Row>, limit: number): readonly Buffer[] {
  const keys: Buffer[] = []
  if (limit <= 0) return keys
  for (const { key } of rows) {
    keys.push(key)
    if (keys.length === limit) break
  }
  return keys
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
