// The records of an archive, as bytes: STORE only, sizes and CRC in the local header, UTF-8 names, UTC
// times, zip64 fields only where a value does not fit. All is a pure function of the entries; changing
// what comes out for any of them needs a new `layoutVersion`.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { strict as assert } from 'node:assert'
import {
  dosTime,
  hasTimeField,
  isDirectory,
  timeFieldBytes,
  writeTimeField,
  type ZipEntry,
} from './zip-entry.ts'

/** Goes into the ETag: two layouts never share one. */
export const layoutVersion = 1

const uint16Max = 0xffff
const uint32Max = 0xffffffff
const localHeaderBytesMin = 30
const centralHeaderBytesMin = 46
const endBytesMin = 22
const zip64EndBytes = 56
const zip64LocatorBytes = 20

const utf8Flag = 0x0800
/** Unix wrote it, by version 4.5 of the specification: so attributes are Unix modes. */
const madeBy = (3 << 8) | 45
const fileAttributes = 0o100644 * 0x10000
const directoryAttributes = 0o040755 * 0x10000 + 0x10

/** What stands where a value needs a zip64 field. The greatest value itself needs one too. */
function clampTo32(value: number): number {
  return Math.min(value, uint32Max)
}

function isLarge(value: number): boolean {
  return value >= uint32Max
}

/** Both headers of an entry: they are built once and used for the CRC, the ETag and the archive. */
export type EntryHeaders = { readonly local: Buffer; readonly central: Buffer }

/** `offset` is where the local header stands (`ZipPlan.add`). */
export function entryHeaders(entry: ZipEntry, offset: number): EntryHeaders {
  return { local: localHeader(entry), central: centralHeader(entry, offset) }
}

/** The header before an entry's data. */
export function localHeader(entry: ZipEntry): Buffer {
  const name = nameBytes(entry)
  const header = blank(localHeaderBytes(entry))
  const extraBytes = header.length - localHeaderBytesMin - name.length
  let at = header.writeUInt32LE(0x04034b50, 0)
  at = header.writeUInt16LE(versionNeeded(entry, isLarge(entry.size)), at)
  at = writeCommon(header, at, entry)
  at = header.writeUInt16LE(name.length, at)
  at = header.writeUInt16LE(extraBytes, at)
  at += name.copy(header, at)
  // A local header has both sizes or none.
  if (isLarge(entry.size)) at = writeZip64Field(header, at, [entry.size, entry.size])
  if (hasTimeField(entry.modifiedMs)) at = writeTimeField(header, at, entry.modifiedMs)
  assert(at === header.length, 'a local header of another length')
  return header
}

/** Bytes of `localHeader(entry)`. */
export function localHeaderBytes(entry: ZipEntry): number {
  const zip64Bytes = isLarge(entry.size) ? 4 + 16 : 0
  return localHeaderBytesMin + Buffer.byteLength(entry.name) + zip64Bytes + timeBytes(entry)
}

/** The header in the central directory. `offset` is that of the local header. */
export function centralHeader(entry: ZipEntry, offset: number): Buffer {
  const name = nameBytes(entry)
  const header = blank(centralHeaderBytes(entry, offset))
  const large = largeValues(entry, offset)
  let at = header.writeUInt32LE(0x02014b50, 0)
  at = header.writeUInt16LE(madeBy, at)
  at = header.writeUInt16LE(versionNeeded(entry, large.length > 0), at)
  at = writeCommon(header, at, entry)
  at = header.writeUInt16LE(name.length, at)
  at = header.writeUInt16LE(header.length - centralHeaderBytesMin - name.length, at)
  // No comment, the first disk, not text.
  at += 6
  at = header.writeUInt32LE(isDirectory(entry) ? directoryAttributes : fileAttributes, at)
  at = header.writeUInt32LE(clampTo32(offset), at)
  at += name.copy(header, at)
  if (large.length > 0) at = writeZip64Field(header, at, large)
  if (hasTimeField(entry.modifiedMs)) at = writeTimeField(header, at, entry.modifiedMs)
  assert(at === header.length, 'a central header of another length')
  return header
}

/** Bytes of `centralHeader(entry, offset)`. */
export function centralHeaderBytes(entry: ZipEntry, offset: number): number {
  const large = largeValues(entry, offset)
  const zip64Bytes = large.length === 0 ? 0 : 4 + 8 * large.length
  return centralHeaderBytesMin + Buffer.byteLength(entry.name) + zip64Bytes + timeBytes(entry)
}

/** In the order in which the zip64 field has them; only those that do not fit elsewhere. */
function largeValues(entry: ZipEntry, offset: number): readonly number[] {
  const sizes = isLarge(entry.size) ? [entry.size, entry.size] : []
  return isLarge(offset) ? [...sizes, offset] : sizes
}

/** Zeros out of the pool: memory for each of two million headers would cost more than all the rest. */
function blank(bytes: number): Buffer {
  return Buffer.allocUnsafe(bytes).fill(0)
}

/** Flags, method, time, CRC and sizes, which both headers have alike. */
function writeCommon(header: Buffer, offset: number, entry: ZipEntry): number {
  const modified = dosTime(entry.modifiedMs)
  let at = header.writeUInt16LE(utf8Flag, offset)
  at = header.writeUInt16LE(0, at)
  at = header.writeUInt16LE(modified.time, at)
  at = header.writeUInt16LE(modified.date, at)
  at = header.writeUInt32LE(entry.crc32, at)
  at = header.writeUInt32LE(clampTo32(entry.size), at)
  return header.writeUInt32LE(clampTo32(entry.size), at)
}

function versionNeeded(entry: ZipEntry, zip64: boolean): number {
  if (zip64) return 45
  return isDirectory(entry) ? 20 : 10
}

function nameBytes(entry: ZipEntry): Buffer {
  const name = Buffer.from(entry.name)
  assert(name.length > 0 && name.length <= uint16Max, `a name of ${name.length} bytes`)
  return name
}

function timeBytes(entry: ZipEntry): number {
  return hasTimeField(entry.modifiedMs) ? timeFieldBytes : 0
}

function writeZip64Field(target: Buffer, offset: number, values: readonly number[]): number {
  let at = target.writeUInt16LE(0x0001, offset)
  at = target.writeUInt16LE(8 * values.length, at)
  for (const value of values) at = target.writeBigUInt64LE(BigInt(value), at)
  return at
}

/** What the end of an archive says of it. */
export type CentralDirectory = {
  readonly entries: number
  /** Of the central directory: where it begins and how long it is, in bytes. */
  readonly offset: number
  readonly bytes: number
}

/** All that follows the central directory. */
export function endOfCentralDirectory(directory: CentralDirectory): Buffer {
  const { entries, offset, bytes } = directory
  const end = Buffer.alloc(endBytes(directory))
  let at = needsZip64End(directory) ? writeZip64End(end, directory) : 0
  at = end.writeUInt32LE(0x06054b50, at)
  // The first disk, twice.
  at += 4
  at = end.writeUInt16LE(Math.min(entries, uint16Max), at)
  at = end.writeUInt16LE(Math.min(entries, uint16Max), at)
  at = end.writeUInt32LE(clampTo32(bytes), at)
  at = end.writeUInt32LE(clampTo32(offset), at)
  assert(at + 2 === end.length, 'an end of another length')
  return end
}

/** Bytes of `endOfCentralDirectory(directory)`. */
export function endBytes(directory: CentralDirectory): number {
  return endBytesMin + (needsZip64End(directory) ? zip64EndBytes + zip64LocatorBytes : 0)
}

function needsZip64End({ entries, offset, bytes }: CentralDirectory): boolean {
  return entries >= uint16Max || isLarge(offset) || isLarge(bytes)
}

function writeZip64End(end: Buffer, { entries, offset, bytes }: CentralDirectory): number {
  let at = end.writeUInt32LE(0x06064b50, 0)
  // How much of the record follows.
  at = end.writeBigUInt64LE(BigInt(zip64EndBytes - 12), at)
  at = end.writeUInt16LE(madeBy, at)
  at = end.writeUInt16LE(45, at)
  at += 8
  at = end.writeBigUInt64LE(BigInt(entries), at)
  at = end.writeBigUInt64LE(BigInt(entries), at)
  at = end.writeBigUInt64LE(BigInt(bytes), at)
  at = end.writeBigUInt64LE(BigInt(offset), at)
  at = end.writeUInt32LE(0x07064b50, at)
  at += 4
  at = end.writeBigUInt64LE(BigInt(offset + bytes), at)
  return end.writeUInt32LE(1, at)
}
