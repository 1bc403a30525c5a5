// How keys of rows are built and taken apart. Rows sort as their keys' UTF-8 bytes do.
import assert from 'node:assert'
import type { Namespace } from '../namespaces.ts'
import type { Bucket, BucketId, TenantId, UploadId } from '../records.ts'
import { orderBytes, orderMax, rowIdBytes } from '../row-ids.ts'
import type { KeyRange } from './lmdb-table.ts'

/** All rows of a table. No key begins with so many bytes of 255. */
export const everyRow: KeyRange = { start: Buffer.of(0), end: Buffer.alloc(600, 0xff) }

export const bucketIdBytes = 8
/** Between bucket and raw key: no key of a row is shorter than the engine can split pages by. */
export const fillerBytes = 12
const filler = Buffer.alloc(fillerBytes)
/** Where the raw key begins in a table of raw keys. */
export const rawKeyAt = bucketIdBytes + fillerBytes
/** Of a key of one byte there. */
export const minimumKeyBytes = rawKeyAt + 1

/** bucket, filler, raw key. */
export function objectKey(bucketId: BucketId, key: string): Buffer {
  const length = Buffer.byteLength(key)
  const bytes = Buffer.allocUnsafe(rawKeyAt + length)
  bytes.write(bucketId, 0, 'hex')
  bytes.fill(0, bucketIdBytes, rawKeyAt)
  bytes.write(key, rawKeyAt, 'utf8')
  return bytes
}

/**
 * bucket, escaped key, terminator: the common beginning of all rows of a key. A NUL of the key becomes
 * 00 FF and the terminator is 00 00, so that no key's beginning is the beginning of another key's,
 * and the order of the keys is kept.
 */
export function historyKey(bucketId: BucketId, key: string): Buffer {
  const escaped = escapeNuls(Buffer.from(key))
  const bytes = Buffer.allocUnsafe(bucketIdBytes + escaped.length + 2)
  bytes.write(bucketId, 0, 'hex')
  bytes.set(escaped, bucketIdBytes)
  bytes.writeUInt16BE(0, bytes.length - 2)
  return bytes
}

/** Where raw keys from these bytes on begin, in a table of raw keys. */
export function objectBound(bucketId: BucketId, raw: Buffer): Buffer {
  return Buffer.concat([Buffer.from(bucketId, 'hex'), filler, raw])
}

/** Where raw keys from these bytes on begin, in a table of histories. */
export function historyBound(bucketId: BucketId, raw: Buffer): Buffer {
  return Buffer.concat([Buffer.from(bucketId, 'hex'), escapeNuls(raw)])
}

/** A row of a key's history: its beginning, then the row's or upload's id (32 hex digits). */
export function historyRowKey(history: Buffer, idHex: string): Buffer {
  const bytes = Buffer.allocUnsafe(history.length + rowIdBytes)
  bytes.set(history, 0)
  bytes.write(idHex, history.length, 'hex')
  return bytes
}

/** The key's own bytes, out of the key of a row of its history. */
export function rawKeyOfHistoryRow(rowKey: Buffer): Buffer {
  return unescapeNuls(rowKey.subarray(bucketIdBytes, rowKey.length - rowIdBytes - 2))
}

export function idOfHistoryRow(rowKey: Buffer): string {
  return rowKey.toString('hex', rowKey.length - rowIdBytes)
}

/** The row id with its inverted time turned round again: new contents go to the end of the table. */
export function contentKey(rowId: string): Buffer {
  const bytes = Buffer.from(rowId, 'hex')
  bytes.writeUIntBE(orderMax - bytes.readUIntBE(0, orderBytes), 0, orderBytes)
  return bytes
}

export function partKey(uploadId: UploadId, number: number): Buffer {
  const bytes = Buffer.allocUnsafe(rowIdBytes + 2)
  bytes.write(uploadId, 0, 'hex')
  bytes.writeUInt16BE(number, rowIdBytes)
  return bytes
}

export function numberOfPart(rowKey: Buffer): number {
  return rowKey.readUInt16BE(rowIdBytes)
}

/** Filler, and what comes behind: for keys that may be too short without. */
export function filled(...rest: readonly Buffer[]): Buffer {
  return Buffer.concat([filler, ...rest])
}

/** namespace (its length first), bucket name. */
export function bucketKey(namespace: Namespace, name: string): Buffer {
  // Of each request: in one buffer. Namespaces are ASCII.
  const { length } = namespace
  const bytes = Buffer.allocUnsafe(1 + length + Buffer.byteLength(name))
  bytes.writeUInt8(length, 0)
  bytes.write(namespace, 1, 'latin1')
  bytes.write(name, 1 + length)
  return bytes
}

/** tenant, namespace (each with its length first), bucket name. */
export function ownedBucketKey(bucket: Pick<Bucket, 'tenantId' | 'namespace' | 'name'>): Buffer {
  const { tenantId, namespace, name } = bucket
  return Buffer.concat([tenantKey(tenantId), measured(namespace), Buffer.from(name)])
}

/** tenant (its length first): the common beginning of the keys of what it has. */
export function tenantKey(tenantId: TenantId): Buffer {
  return measured(tenantId)
}

function measured(text: string): Buffer {
  const bytes = Buffer.from(text)
  assert(bytes.length < 256, 'an id that is too long for a key')
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}

export function numberKey(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeUInt16BE(Math.floor(value / 2 ** 48), 0)
  bytes.writeUIntBE(value % 2 ** 48, 2, 6)
  return bytes
}

export function numberOfKey(bytes: Buffer): number {
  return bytes.readUInt16BE(0) * 2 ** 48 + bytes.readUIntBE(2, 6)
}

/** All rows whose key begins so. */
export function rangeOf(prefix: Buffer): KeyRange {
  return { start: prefix, end: successor(prefix) }
}

/** The smallest bytes above everything that begins with `prefix`. */
export function successor(prefix: Buffer): Buffer {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1
  if (length === 0) return Buffer.alloc(prefix.length + 64, 0xff)
  const bytes = Buffer.from(prefix.subarray(0, length))
  bytes[length - 1] = (bytes[length - 1] ?? 0) + 1
  return bytes
}

/** The smallest bytes above `key` itself. */
export function justAfter(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)])
}

function escapeNuls(raw: Buffer): Buffer {
  if (!raw.includes(0)) return raw
  const escaped: number[] = []
  for (const byte of raw) {
    escaped.push(byte)
    if (byte === 0) escaped.push(0xff)
  }
  return Buffer.from(escaped)
}

export function unescapeNuls(escaped: Buffer): Buffer {
  if (!escaped.includes(0)) return escaped
  const raw: number[] = []
  for (let i = 0; i < escaped.length; i += 1) {
    const byte = escaped[i] ?? 0
    raw.push(byte)
    if (byte === 0) i += 1
  }
  return Buffer.from(raw)
}
