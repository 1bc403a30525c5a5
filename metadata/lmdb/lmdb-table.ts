// One table of the environment: its rows by key. How transactions come about: `lmdb-environment.ts`.
import assert from 'node:assert'
import type { Database } from 'lmdb'

export type Row = { readonly key: Buffer; readonly value: Buffer }
export type KeyRange = { readonly start: Buffer; readonly end: Buffer }

/** Whether a verb that writes runs now. */
export type TransactionFlag = { runs: boolean }

/** One table: binary keys in byte order, binary values. */
export class LmdbTable {
  readonly #db: Database<Buffer, Buffer> | undefined
  readonly #transaction: TransactionFlag

  /** `db`: absent where the table is not there and nothing can be written. */
  constructor(db: Database<Buffer, Buffer> | undefined, transaction: TransactionFlag) {
    this.#db = db
    this.#transaction = transaction
  }

  /** The value, as a buffer of its own. */
  get(key: Buffer): Buffer | undefined {
    const bytes = this.#db?.getBinary(key)
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  has(key: Buffer): boolean {
    return this.#db?.doesExist(key) ?? false
  }

  put(key: Buffer, value: Buffer): void {
    assert(this.#transaction.runs, 'a write outside of a transaction')
    void this.#db?.put(key, value)
  }

  remove(key: Buffer): void {
    assert(this.#transaction.runs, 'a removal outside of a transaction')
    void this.#db?.remove(key)
  }

  /** Rows from `start`, inclusive, to `end`, exclusive, read as the caller goes on. */
  *rows(range: KeyRange): Generator<Row> {
    if (this.#db === undefined) return
    for (const { key, value } of this.#db.getRange({ start: range.start, end: range.end })) {
      yield { key: asBuffer(key), value: asBuffer(value) }
    }
  }

  /** The first keys of the range, at most `limit`; values are not looked at. */
  keys(range: KeyRange & { readonly limit: number }): readonly Buffer[] {
    return this.#db === undefined ? [] : Array.from(this.#db.getKeys(range), asBuffer)
  }

  first(range: KeyRange): Row | undefined {
    if (this.#db === undefined) return undefined
    for (const row of this.#db.getRange({ start: range.start, end: range.end, limit: 1 })) {
      return { key: asBuffer(row.key), value: asBuffer(row.value) }
    }
    return undefined
  }

  last(range: KeyRange): Row | undefined {
    if (this.#db === undefined) return undefined
    const backwards = { start: range.end, end: range.start, reverse: true, limit: 2 }
    for (const row of this.#db.getRange(backwards)) {
      const key = asBuffer(row.key)
      if (key.compare(range.end) >= 0) continue
      return key.compare(range.start) < 0 ? undefined : { key, value: asBuffer(row.value) }
    }
    // A reverse range leaves out its end, which is our inclusive start.
    const value = this.get(range.start)
    return value && { key: range.start, value }
  }

  isEmpty(range: KeyRange): boolean {
    if (this.#db === undefined) return true
    for (const _ of this.#db.getKeys({ start: range.start, end: range.end, limit: 1 })) return false
    return true
  }

  /** How many rows the table has. O(1). */
  count(): number {
    if (this.#db === undefined) return 0
    const stats: { entryCount?: number } = this.#db.getStats()
    assert(stats.entryCount !== undefined, 'the engine does not count its rows')
    return stats.entryCount
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
