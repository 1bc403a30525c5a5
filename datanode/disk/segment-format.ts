// The bytes of a segment file: a header, records one after the other, and, once it was sealed in
// good order, a footer. Pure code. All numbers are little endian.
//
// A record's header CRC starts from the segment's own random salt and covers the record's offset, so
// that old bytes, copies and the footer never pass for records. `syncedTo` says how much of the file
// was durable when the record was written: bad bytes below any later record's `syncedTo` had been
// acknowledged, and are damage; bad bytes above are a torn tail.
//
// The footer repeats all record headers, which makes rebuilding the index cheap, and ends in a
// trailer of fixed size at the very end of the file. Nothing hangs on the header alone: the salt can be
// told from the footer or the records (`recover-salt.ts`), the id is the file's name.
import { strict as assert } from 'node:assert'
import { crc32c } from '@node-rs/crc32'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import {
  chunkBytesMax,
  chunkIdBytes,
  parseChunkId,
  parseGeneration,
  sealedBytes,
} from '../../protocol/chunks/chunk-ref.ts'
import { parseStoreId, type SegmentOrigin } from '../../protocol/store/lineage.ts'
import { requireKnownFormat } from '../../protocol/store/store-format.ts'

/** 48 random bits that name a segment, and its file. */
export type SegmentId = number & { readonly __brand: 'SegmentId' }

export type SegmentHeader = {
  readonly id: SegmentId
  readonly salt: number
  /** 0: not known any more. */
  readonly createdMs: number
  /**
   * The store and moment it was made in. Absent: made by a version that did not note it, or the header was
   * damaged and is written anew.
   */
  readonly origin?: SegmentOrigin
}

type RecordCommon = {
  readonly ref: BlobRef
  /** Where in the file the record starts. Grows within a segment, so it is its sequence too. */
  readonly offset: number
  readonly writtenSec: number
  readonly syncedTo: number
}
export type ChunkRecord = RecordCommon & {
  readonly is: 'chunk'
  /** Plaintext bytes. */
  readonly length: number
  /** CRC-32C over the CRCs of all frames, in order: ties the frames to this header. */
  readonly framesDigest: number
}
/** Says that a chunk generation is deleted. Needed as long as the segment `target` exists. */
export type DeleteRecord = RecordCommon & { readonly is: 'delete'; readonly target: SegmentId }
export type RecordHeader = ChunkRecord | DeleteRecord

export const segmentHeaderBytes = 64
export const recordHeaderBytes = 76
export const trailerBytes = 24
/** The first four bytes of every record. */
export const recordMagic = Buffer.from('HFR1', 'latin1')
const segmentMagic = Buffer.from('HFSEG\r\n\x01', 'latin1')
const trailerMagic = Buffer.from('HFT1', 'latin1')
/** The one that has no origin. */
const oldestVersion = 1
const formatVersion = 2

export function parseSegmentId(value: number): SegmentId {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** 48) {
    throw new RangeError(`segment id ${value}`)
  }
  return value as SegmentId
}

export function segmentFileName(id: SegmentId): string {
  return `${id.toString(16).padStart(12, '0')}.seg`
}

/** `undefined`: not a segment's file name. */
export function parseSegmentFileName(name: string): SegmentId | undefined {
  return /^[0-9a-f]{12}\.seg$/.test(name)
    ? parseSegmentId(Number.parseInt(name.slice(0, 12), 16))
    : undefined
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  segmentMagic.copy(bytes, 0)
  const { origin } = header
  bytes.writeUInt32LE(origin === undefined ? oldestVersion : formatVersion, 8)
  bytes.writeUInt32LE(header.salt, 12)
  bytes.writeUIntLE(header.id, 16, 6)
  bytes.writeUIntLE(header.createdMs, 22, 6)
  if (origin !== undefined) {
    bytes.write(origin.storeId, 28, 'hex')
    bytes.writeUInt32LE(origin.epoch, 44)
    bytes.writeUIntLE(origin.mark, 48, 6)
  }
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 60)), 60)
  return bytes
}

/**
 * `undefined`: these bytes are not an intact segment header. Throws `StoreRefused` when it is one of a
 * later version.
 */
export function parseSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined
  if (!bytes.subarray(0, 8).equals(segmentMagic)) return undefined
  if (bytes.readUInt32LE(60) !== crc32c(bytes.subarray(0, 60))) return undefined
  const version = bytes.readUInt32LE(8)
  const id = parseSegmentId(bytes.readUIntLE(16, 6))
  requireKnownFormat(version, `Segment ${segmentFileName(id)}`)
  const storeId = parseStoreId(bytes.toString('hex', 28, 44))
  const origin = storeId && {
    storeId,
    epoch: bytes.readUInt32LE(44),
    mark: bytes.readUIntLE(48, 6),
  }
  return {
    id,
    salt: bytes.readUInt32LE(12),
    createdMs: bytes.readUIntLE(22, 6),
    ...(version === oldestVersion || origin === undefined ? {} : { origin }),
  }
}

/** Bytes a record takes in the file, header included. */
export function recordBytes(record: { is: 'chunk'; length: number } | { is: 'delete' }): number {
  return recordHeaderBytes + (record.is === 'chunk' ? sealedBytes(record.length) : 0)
}

export function encodeRecordHeader(record: RecordHeader, salt: number, into: Buffer): void {
  assert(into.length === recordHeaderBytes)
  recordMagic.copy(into, 0)
  into.writeUInt16LE(record.is === 'chunk' ? 1 : 2, 4)
  into.writeUIntLE(record.ref.generation, 6, 6)
  into.writeUInt32LE(record.offset, 12)
  into.writeUInt32LE(record.is === 'chunk' ? record.length : 0, 16)
  into.writeUInt32LE(record.writtenSec, 20)
  into.writeUInt32LE(record.syncedTo, 24)
  into.writeUIntLE(record.is === 'delete' ? record.target : 0, 28, 6)
  into.writeUInt16LE(0, 34)
  record.ref.id.copy(into, 36)
  into.writeUInt32LE(record.is === 'chunk' ? record.framesDigest : 0, 68)
  into.writeUInt32LE(crc32c(into.subarray(0, 72), salt), 72)
}

/** `undefined`: no intact record header of this segment starts here. */
export function parseRecordHeader(
  bytes: Buffer,
  at: { salt: number; offset: number },
): RecordHeader | undefined {
  if (bytes.length < recordHeaderBytes || bytes.readUInt32LE(0) !== recordMagic.readUInt32LE(0)) {
    return undefined
  }
  if (bytes.readUInt32LE(12) !== at.offset) return undefined
  if (bytes.readUInt32LE(72) !== crc32c(bytes.subarray(0, 72), at.salt)) return undefined
  const common = {
    ref: {
      // A copy: the bytes belong to somebody's window.
      id: parseChunkId(Buffer.from(bytes.subarray(36, 36 + chunkIdBytes))),
      generation: parseGeneration(bytes.readUIntLE(6, 6)),
    },
    offset: at.offset,
    writtenSec: bytes.readUInt32LE(20),
    syncedTo: bytes.readUInt32LE(24),
  }
  const length = bytes.readUInt32LE(16)
  switch (bytes.readUInt16LE(4)) {
    case 1:
      if (length === 0 || length > chunkBytesMax) return undefined
      return { ...common, is: 'chunk', length, framesDigest: bytes.readUInt32LE(68) }
    case 2:
      return { ...common, is: 'delete', target: parseSegmentId(bytes.readUIntLE(28, 6)) }
    default:
      return undefined
  }
}

/** True when a record header for this chunk, of this length, starts here. Says no more of it. */
export function namesChunk(
  bytes: Buffer,
  { ref, offset, length }: { ref: BlobRef; offset: number; length: number },
): boolean {
  return (
    bytes.length >= recordHeaderBytes &&
    bytes.readUInt32LE(12) === offset &&
    bytes.readUInt32LE(16) === length &&
    bytes.readUIntLE(6, 6) === ref.generation &&
    ref.id.equals(bytes.subarray(36, 36 + chunkIdBytes))
  )
}

/** `headers` are the encoded headers of all records of the file, in order; `end` is where they end. */
export function encodeFooter(headers: readonly Buffer[], end: number, salt: number): Buffer {
  const payload = Buffer.concat(headers)
  const trailer = Buffer.alloc(trailerBytes)
  trailerMagic.copy(trailer, 0)
  trailer.writeUInt32LE(end, 4)
  trailer.writeUInt32LE(headers.length, 8)
  trailer.writeUInt32LE(crc32c(payload, salt), 12)
  trailer.writeUInt32LE(crc32c(trailer.subarray(0, 20), salt), 20)
  return Buffer.concat([payload, trailer])
}

export type Trailer = { readonly end: number; readonly records: number; readonly crc: number }

export function parseTrailer(
  bytes: Buffer,
  of: { salt: number; fileBytes: number },
): Trailer | undefined {
  if (bytes.length !== trailerBytes || !bytes.subarray(0, 4).equals(trailerMagic)) return undefined
  if (bytes.readUInt32LE(20) !== crc32c(bytes.subarray(0, 20), of.salt)) return undefined
  const trailer = {
    end: bytes.readUInt32LE(4),
    records: bytes.readUInt32LE(8),
    crc: bytes.readUInt32LE(12),
  }
  const fileBytes = trailer.end + trailer.records * recordHeaderBytes + trailerBytes
  return fileBytes === of.fileBytes ? trailer : undefined
}

/** The record headers in a footer's payload. `undefined`: the payload is damaged. */
export function parseFooter(
  payload: Buffer,
  of: { trailer: Trailer; salt: number },
): RecordHeader[] | undefined {
  if (crc32c(payload, of.salt) !== of.trailer.crc) return undefined
  const records: RecordHeader[] = []
  for (let at = 0; at < payload.length; at += recordHeaderBytes) {
    const bytes = payload.subarray(at, at + recordHeaderBytes)
    const record = parseRecordHeader(bytes, { salt: of.salt, offset: bytes.readUInt32LE(12) })
    if (record === undefined) return undefined
    records.push(record)
  }
  return records
}
