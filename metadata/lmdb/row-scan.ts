// Reads many short rows of a table out of a snapshot without a buffer for each: keys and values are
// parsed where the library has put them, once their checksum holds. A million buffers would cost more than
// the reading.
import assert from 'node:assert'
import type { Database, RootDatabase } from 'lmdb'
import type { LmdbSnapshot } from './lmdb-environment.ts'
import type { KeyRange } from './lmdb-table.ts'
import { RowChecksum, type RowChecksums } from './row-checksum.ts'
import type { TableName } from './tables.ts'

/** Both are handed bytes that are overwritten by the next row: they keep none of them. */
export type RowParser<Key, Value> = {
  key(bytes: Buffer, start: number, end: number): Key
  value(bytes: Buffer, length: number): Value
}

export type ParsedRow<Key, Value> = { readonly key: Key; readonly value: Value }

type ScanOf<Key, Value> = {
  readonly table: TableName
  readonly parser: RowParser<Key, Value>
  readonly checksums: RowChecksums
}

export class RowScan<Key, Value> {
  readonly #db: Database<Value, Buffer>

  /** To be made once for a table and parser: it holds a handle of its own. */
  constructor(root: RootDatabase<Buffer, Buffer>, scanOf: ScanOf<Key, Value>) {
    const { table, parser, checksums } = scanOf
    const checksum = new RowChecksum(table)
    // The library reads the key of a row, and then its value.
    let lastKey: Buffer = Buffer.alloc(0)
    const keyEncoder = {
      writeKey: (key: Buffer, target: Buffer, start: number) => {
        target.set(key, start)
        return start + key.length
      },
      readKey: (target: Buffer, start: number, end: number) => {
        lastKey = target.subarray(start, end)
        return parser.key(target, start, end)
      },
    }
    const encoder = {
      encode: () => assert.fail('a scan writes nothing'),
      decode: (bytes: Buffer, length: number) => {
        if (!checksums.areOn) return parser.value(bytes, length)
        const value = checksum.openAfter(checksum.afterKey(lastKey), bytes.subarray(0, length))
        if (value === undefined) throw checksum.damaged(lastKey)
        return parser.value(bytes, value.length)
      },
    }
    // The library's types know neither of the two here; its documentation does.
    const options = { encoding: 'binary' as const, keyEncoder, encoder }
    this.#db = root.openDB<Value, Buffer>(table, options)
  }

  /** The first rows of the range, at most `limit`, as the snapshot has them. */
  rows(
    snapshot: LmdbSnapshot,
    range: KeyRange & { readonly limit: number },
  ): readonly ParsedRow<Key, Value>[] {
    const { transaction } = snapshot
    return [...this.#db.getRange({ ...range, transaction })].map(parsedRow<Key, Value>)
  }
}

/** The library's types know one kind of key, and what it hands out is what the parser has made. */
function parsedRow<Key, Value>(row: { key: unknown; value: Value }): ParsedRow<Key, Value> {
  return row as ParsedRow<Key, Value>
}
