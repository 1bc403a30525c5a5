// Pages of manifests as bytes, laid out by hand: a million rows are written and read for one archive.
//
//   page  format 1, offset 8, central offset 8, entries 4, buckets 2, each 8, key beginning 2 + bytes
//   row   flags 1, size 6, CRC-32 4, time 6, name 2 + bytes,
//         with a source: row id 16, bucket's place above 2, and the key 2 + bytes where it is not the
//         key beginning and the name
import assert from 'node:assert'
import type { EntrySource, ManifestEntry, ManifestPage } from '../manifest-store.ts'
import { parseBucketId } from '../record-ids.ts'
import type { BucketId } from '../records.ts'
import { RecordCorrupt } from './record-frame.ts'

const format = 1
const bucketsAt = 21
const headBytes = 25
const rowBytes = 19
const sourceBytes = 18
const bucketIdBytes = 8
const rowIdBytes = 16

const sourceFlag = 1
const keyFlag = 2

export function encodeManifestPage(page: ManifestPage): Buffer {
  const buckets = bucketsOf(page.entries)
  const beginning = keyBeginningOf(page.entries)
  const bytes = Buffer.allocUnsafe(bytesNeeded(page.entries, buckets.size, beginning))
  let at = bytes.writeUInt8(format, 0)
  at = bytes.writeBigUInt64BE(BigInt(page.offset), at)
  at = bytes.writeBigUInt64BE(BigInt(page.centralOffset), at)
  at = bytes.writeUInt32BE(page.entries.length, at)
  at = bytes.writeUInt16BE(buckets.size, at)
  for (const bucketId of buckets.keys()) at += bytes.write(bucketId, at, 'hex')
  at = writeText(bytes, at, beginning)
  for (const entry of page.entries) at = writeRow(bytes, at, { entry, buckets, beginning })
  assert(at === bytes.length, 'a manifest page of another length')
  return bytes
}

type Row = {
  readonly entry: ManifestEntry
  readonly buckets: ReadonlyMap<BucketId, number>
  readonly beginning: string
}

function writeRow(bytes: Buffer, start: number, { entry, buckets, beginning }: Row): number {
  const { name, source } = entry
  const ownKey = source !== undefined && hasOwnKey(source, name, beginning)
  let at = bytes.writeUInt8((source ? sourceFlag : 0) | (ownKey ? keyFlag : 0), start)
  at = bytes.writeUIntBE(entry.size, at, 6)
  at = bytes.writeUInt32BE(entry.crc32, at)
  at = bytes.writeUIntBE(entry.modifiedMs, at, 6)
  at = writeText(bytes, at, name)
  if (source === undefined) return at
  at += bytes.write(source.rowId, at, 'hex')
  at = bytes.writeUInt16BE(buckets.get(source.bucketId) ?? 0, at)
  return ownKey ? writeText(bytes, at, source.key) : at
}

function writeText(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 2, 'utf8')
  bytes.writeUInt16BE(length, at)
  return at + 2 + length
}

function bytesNeeded(
  entries: readonly ManifestEntry[],
  buckets: number,
  beginning: string,
): number {
  let bytes = headBytes + buckets * bucketIdBytes + Buffer.byteLength(beginning)
  for (const { name, source } of entries) {
    bytes += rowBytes + Buffer.byteLength(name)
    if (source === undefined) continue
    bytes += sourceBytes
    if (hasOwnKey(source, name, beginning)) bytes += 2 + Buffer.byteLength(source.key)
  }
  return bytes
}

function hasOwnKey({ key }: EntrySource, name: string, beginning: string): boolean {
  return (
    key.length !== beginning.length + name.length ||
    !key.startsWith(beginning) ||
    !key.endsWith(name)
  )
}

function bucketsOf(entries: readonly ManifestEntry[]): ReadonlyMap<BucketId, number> {
  const buckets = new Map<BucketId, number>()
  for (const { source } of entries) {
    if (source !== undefined && !buckets.has(source.bucketId)) {
      buckets.set(source.bucketId, buckets.size)
    }
  }
  return buckets
}

/** What stands before the name in most keys: the folder that is archived. */
function keyBeginningOf(entries: readonly ManifestEntry[]): string {
  const plain = entries.find(({ name, source }) => source?.key.endsWith(name))
  return plain?.source?.key.slice(0, -plain.name.length) ?? ''
}

export function parseManifestPage(bytes: Buffer): ManifestPage {
  if (bytes[0] !== format) throw new RecordCorrupt(`manifest page: format ${bytes[0]}`)
  const count = bytes.readUInt32BE(17)
  const reader: Reader = { bytes, at: bucketsAt, buckets: [], beginning: '' }
  reader.buckets = readBuckets(reader)
  reader.beginning = readText(reader)
  const entries: ManifestEntry[] = []
  for (let index = 0; index < count; index += 1) entries.push(readRow(reader))
  if (reader.at !== bytes.length) throw new RecordCorrupt('manifest page: of a wrong length')
  const offset = Number(bytes.readBigUInt64BE(1))
  const centralOffset = Number(bytes.readBigUInt64BE(9))
  assert(entries.length > 0, 'a manifest page without entries')
  return { offset, centralOffset, entries }
}

type Reader = {
  readonly bytes: Buffer
  at: number
  buckets: readonly BucketId[]
  beginning: string
}

function readBuckets(reader: Reader): readonly BucketId[] {
  const { bytes } = reader
  const count = bytes.readUInt16BE(reader.at)
  reader.at += 2
  return Array.from({ length: count }, () => {
    const bucketId = parseBucketId(bytes.toString('hex', reader.at, reader.at + bucketIdBytes))
    if (bucketId === undefined) throw new RecordCorrupt('manifest page: a bucket id too short')
    reader.at += bucketIdBytes
    return bucketId
  })
}

/** Written out: every entry of every archive comes by here three times, and a copy with `...` is dear. */
function readRow(reader: Reader): ManifestEntry {
  const { bytes, at } = reader
  const flags = bytes.readUInt8(at)
  const size = bytes.readUIntBE(at + 1, 6)
  const crc32 = bytes.readUInt32BE(at + 7)
  const modifiedMs = bytes.readUIntBE(at + 11, 6)
  reader.at = at + rowBytes - 2
  const name = readText(reader)
  if ((flags & sourceFlag) === 0) return { name, size, crc32, modifiedMs }
  const source = readSource(reader, flags, name)
  return { name, size, crc32, modifiedMs, source }
}

function readSource(reader: Reader, flags: number, name: string): EntrySource {
  const { bytes, at } = reader
  const rowId = bytes.toString('hex', at, at + rowIdBytes)
  const bucketId = reader.buckets[bytes.readUInt16BE(at + rowIdBytes)]
  if (bucketId === undefined) throw new RecordCorrupt('manifest page: a row of no bucket')
  reader.at = at + sourceBytes
  const key = (flags & keyFlag) === 0 ? reader.beginning + name : readText(reader)
  return { bucketId, key, rowId }
}

function readText(reader: Reader): string {
  const start = reader.at + 2
  reader.at = start + reader.bytes.readUInt16BE(reader.at)
  return reader.bytes.toString('utf8', start, reader.at)
}
