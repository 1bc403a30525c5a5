// The checksum behind the value of every row: CRC-32C of the table's name, the key and the value, in four
// bytes. A row that lands under another key, or in another table, fails it too. Whether rows have one yet
// is the layout's matter (`layout-format.ts`).
import { crc32c as crc32cOfMany } from '@node-rs/crc32'
import { MetadataDamaged } from '../metadata-damaged.ts'
import type { TableName } from './tables.ts'

export const checksumBytes = 4

/** Up to here a call of native code costs more than the sum itself. */
const fewBytes = 64
const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ 0x82f63b78
  return sum
})

/** What CRC-32C makes of anything with its own checksum behind it: so nothing is cut up to compare it. */
const residue = crc32c(Buffer.alloc(checksumBytes))

/** One for all tables of an environment. Off: the rows are from before there were checksums. */
export type RowChecksums = { areOn: boolean }

/** The checksums of one table's rows. */
export class RowChecksum {
  readonly #table: TableName
  readonly #seed: number

  constructor(table: TableName) {
    this.#table = table
    this.#seed = crc32c(Buffer.from(table))
  }

  /** The value as it is stored. */
  seal(key: Buffer, value: Buffer): Buffer {
    const stored = Buffer.allocUnsafe(value.length + checksumBytes)
    stored.set(value, 0)
    stored.writeUInt32LE(crc32c(value, this.afterKey(key)), value.length)
    return stored
  }

  /** The value without its checksum, in the same memory. Throws `MetadataDamaged`. */
  open(key: Buffer, stored: Buffer): Buffer {
    const value = this.openAfter(this.afterKey(key), stored)
    if (value === undefined) throw this.damaged(key)
    return value
  }

  /** For who no longer has the key when its value comes. */
  afterKey(key: Buffer): number {
    return crc32c(key, this.#seed)
  }

  /** `undefined`: it is damaged. */
  openAfter(state: number, stored: Buffer): Buffer | undefined {
    const isIntact = crc32c(stored, state) === residue && stored.length >= checksumBytes
    return isIntact ? stored.subarray(0, stored.length - checksumBytes) : undefined
  }

  damaged(key: Buffer): MetadataDamaged {
    return new MetadataDamaged(this.#table, Buffer.from(key))
  }
}

function crc32c(bytes: Buffer, state = 0): number {
  if (bytes.length > fewBytes) return crc32cOfMany(bytes, state)
  let sum = ~state
  for (let at = 0; at < bytes.length; at += 1) {
    sum = (sum >>> 8) ^ (table[(sum ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
  }
  return ~sum >>> 0
}
