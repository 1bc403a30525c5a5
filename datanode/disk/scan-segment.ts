// Finds the records of a segment file: from its footer, or by walking the records themselves. Judges
// bad bytes: a torn tail is cut off, whatever has good records behind it is not. Reads only.
import { blockCount, sealedBytes } from '../../protocol/chunks/chunk-ref.ts'
import { digestFrames } from '../../protocol/chunks/frame-crc.ts'
import { FileWindow } from './file-window.ts'
import {
  type ChunkRecord,
  parseFooter,
  parseRecordHeader,
  parseTrailer,
  type RecordHeader,
  recordBytes,
  recordHeaderBytes,
  recordMagic,
  type SegmentHeader,
  segmentHeaderBytes,
  trailerBytes,
} from './segment-format.ts'
import type { VfsFile } from './vfs.ts'

export type SegmentScan = {
  /** In the order of the file, those with corrupt frames included. */
  readonly records: readonly RecordHeader[]
  /** Where the last record that counts ends. */
  readonly end: number
  /** Those of `records` whose frames do not match; known only when frames were checked. */
  readonly corrupt: readonly ChunkRecord[]
  /** Bytes before `end` that were durable, and in which no record can be made out. */
  readonly unknownBytes: number
  /** Bad bytes before good records of a batch that may never have been durable as a whole. */
  readonly skipped: readonly BadBytes[]
  /** The footer was there: the segment was sealed in good order. */
  readonly sealed: boolean
  /** The file says of itself that it was durable up to here. */
  readonly syncedTo: number
}

export type ScanOptions = {
  readonly header: SegmentHeader
  /** Everything before this is known to have been durable, so that bad bytes there are damage. */
  readonly syncedTo: number
  /** Looks at nothing from here on. Default: the end of the file. */
  readonly limit?: number
  /** Compare frames with their header as well, where there is no footer. */
  readonly checkFrames: boolean
}

export async function scanSegment(file: VfsFile, options: ScanOptions): Promise<SegmentScan> {
  const fileBytes = await file.size()
  const footer = await readFooter(file, options.header, fileBytes)
  if (footer !== undefined) {
    return {
      ...footer,
      corrupt: [],
      unknownBytes: 0,
      skipped: [],
      sealed: true,
      syncedTo: footer.end,
    }
  }
  const walk = await walkRecords(file, options, Math.min(fileBytes, options.limit ?? fileBytes))
  return { ...judge(walk), sealed: false }
}

async function readFooter(file: VfsFile, header: SegmentHeader, fileBytes: number) {
  if (fileBytes < segmentHeaderBytes + trailerBytes) return undefined
  const tail = Buffer.alloc(trailerBytes)
  await file.read(tail, fileBytes - trailerBytes)
  const trailer = parseTrailer(tail, { salt: header.salt, fileBytes })
  if (trailer === undefined) return undefined
  const payload = Buffer.allocUnsafe(trailer.records * recordHeaderBytes)
  await file.read(payload, trailer.end)
  const records = parseFooter(payload, { trailer, salt: header.salt })
  return records === undefined ? undefined : { records, end: trailer.end }
}

/** With `record`: its header is good, and its frames are not. */
export type BadBytes = {
  readonly start: number
  readonly end: number
  readonly record?: ChunkRecord
}
/** True when a footer, or the header of a record, lies behind `end`. */
export async function holdsMore(
  file: VfsFile,
  { header, end }: { header: SegmentHeader; end: number },
): Promise<boolean> {
  const fileBytes = await file.size()
  if (fileBytes <= end) return false
  if ((await readFooter(file, header, fileBytes)) !== undefined) return true
  const found = { salt: header.salt, from: end, limit: fileBytes }
  return (await findRecord(new FileWindow(file), found)) !== undefined
}

type Walk = {
  readonly good: readonly RecordHeader[]
  readonly bad: readonly BadBytes[]
  readonly syncedTo: number
}

async function walkRecords(file: VfsFile, options: ScanOptions, limit: number): Promise<Walk> {
  const { salt } = options.header
  const window = new FileWindow(file)
  const good: RecordHeader[] = []
  const bad: BadBytes[] = []
  let syncedTo = options.syncedTo
  let at = segmentHeaderBytes
  while (at < limit) {
    const bytes = await window.bytes(at, recordHeaderBytes)
    const record = parseRecordHeader(bytes, { salt, offset: at })
    if (record === undefined) {
      const next = await findRecord(window, { salt, from: at + 1, limit })
      bad.push({ start: at, end: next ?? limit })
      at = next ?? limit
      continue
    }
    syncedTo = Math.max(syncedTo, record.syncedTo)
    const end = at + recordBytes(record)
    if (record.is === 'delete') good.push(record)
    else if (end <= limit && (!options.checkFrames || (await framesMatch(window, record)))) {
      good.push(record)
    } else bad.push({ start: at, end: Math.min(end, limit), record })
    at = end
  }
  return { good, bad, syncedTo }
}

async function framesMatch(window: FileWindow, record: ChunkRecord): Promise<boolean> {
  const { length } = record
  const frames = await window.bytes(record.offset + recordHeaderBytes, sealedBytes(length))
  const whole = { first: 0, count: blockCount(length), length }
  return digestFrames(frames, whole) === record.framesDigest
}

async function findRecord(
  window: FileWindow,
  { salt, from, limit }: { salt: number; from: number; limit: number },
): Promise<number | undefined> {
  const step = 512 * 1024
  for (let at = from; at < limit; at += step) {
    const bytes = await window.bytes(at, Math.min(step + recordHeaderBytes, limit - at))
    let hit = bytes.indexOf(recordMagic)
    while (hit >= 0) {
      const candidate = bytes.subarray(hit, hit + recordHeaderBytes)
      if (parseRecordHeader(candidate, { salt, offset: at + hit }) !== undefined) return at + hit
      hit = bytes.indexOf(recordMagic, hit + 1)
    }
  }
  return undefined
}

/**
 * Bytes that were durable and are bad are damage; the records around them count. Bad bytes after
 * everything durable are what a stop in mid-write leaves: they are of no account, but good records
 * behind them are kept, since nothing tells them from a batch that was acknowledged and has rotted.
 */
function judge({ good, bad, syncedTo }: Walk): Omit<SegmentScan, 'sealed'> {
  const damage = bad.filter(({ start }) => start < syncedTo)
  const last = good.at(-1)
  const goodEnd = last === undefined ? segmentHeaderBytes : last.offset + recordBytes(last)
  const end = Math.max(goodEnd, damage.at(-1)?.end ?? 0)
  const corrupt = damage.flatMap(({ record }) => (record === undefined ? [] : [record]))
  return {
    records: [...good, ...corrupt].sort((a, b) => a.offset - b.offset),
    end,
    corrupt,
    unknownBytes: unreadableBytes(damage),
    skipped: bad.filter(({ start }) => start >= syncedTo && start < end),
    syncedTo: Math.min(syncedTo, end),
  }
}

/** Bytes in which no record can be made out. */
export function unreadableBytes(bad: readonly BadBytes[]): number {
  const unknown = bad.filter(({ record }) => record === undefined)
  return unknown.reduce((sum, { start, end }) => sum + end - start, 0)
}
