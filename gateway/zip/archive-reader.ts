// The bytes of an archive, whole or in part, from its manifest. Steps are read ahead while the last
// one is sent; memory is a page of the manifest and the steps under way, whatever the archive holds.
import { setImmediate } from 'node:timers/promises'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { HalfOpenRange } from '../../protocol/s3/range.ts'
import { centralHeader, endOfCentralDirectory } from '../../protocol/zip/zip-layout.ts'
import type { Batch, Batches } from '../data/buffers/batch.ts'
import { cutOf, type EntrySlice, stepsOf } from './entry-slice.ts'
import { placedPages } from './manifest-entries.ts'
import { EntryCheck, type ReadSlice, type SliceParts, SliceReader } from './read-slices.ts'
import { type OpenReaders, type ReadAheadBudget, ReadingLane } from './reading-lane.ts'

export type ArchiveParts = SliceParts & {
  readonly metadata: Pick<MetadataStore, 'manifests' | 'objects' | 'chunks' | 'uploads'>
  readonly budget: ReadAheadBudget
  readonly readers: OpenReaders
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
  /** Called again and again while the archive is read. */
  readonly keepAlive: () => Promise<void>
  /** Called as reading begins; what it answers, at the end. */
  readonly enter: () => () => void
}

/** Buffers of a batch smaller than this are put together: a write costs more than the copy. */
const smallBytes = 16 * 1024
const joinedBytes = 64 * 1024

/**
 * The range in batches. Throws `UnreadableData`, and whatever the stores throw; never ends short. May
 * be ended early.
 */
export async function* readArchive(
  parts: ArchiveParts,
  manifest: Manifest,
  range: HalfOpenRange,
): Batches {
  const { offset, bytes } = manifest.directory
  const end = offset + bytes
  if (range.start < offset) {
    yield* readEntries(parts, manifest, { start: range.start, end: Math.min(range.end, offset) })
  }
  const central = { start: Math.max(range.start, offset), end: Math.min(range.end, end) }
  if (central.start < central.end) {
    const within = { start: central.start - offset, end: central.end - offset }
    yield* readDirectory(parts, manifest, within)
  }
  if (range.end > end) {
    const last = endOfCentralDirectory({ entries: manifest.entries, offset, bytes })
    yield [last.subarray(Math.max(range.start - end, 0), range.end - end)]
  }
}

/** `range` does not reach into the central directory. */
async function* readEntries(
  parts: ArchiveParts,
  manifest: Manifest,
  range: HalfOpenRange,
): Batches {
  const reading = {
    lane: new ReadingLane(parts),
    reader: new SliceReader(parts),
    check: new EntryCheck(),
  }
  const { lane, check } = reading
  const pages = placedPages(parts.metadata.manifests, manifest, { offset: range.start })
  const ahead: Promise<readonly ReadSlice[]>[] = []
  const next = async () => batchOf((await ahead.shift()) ?? [], check)
  parts.readers.enter()
  const leave = parts.enter()
  try {
    for await (const step of stepsOf(pages, range, () => lane.nextStepBytes())) {
      await parts.keepAlive()
      if (step.is === 'slices') {
        ahead.push(begin(reading.reader, step.slices))
        while (ahead.length > lane.stepsAhead) {
          yield lane.give(await next())
          lane.taken()
        }
      } else {
        while (ahead.length > 0) {
          yield lane.give(await next())
          lane.taken()
        }
        yield* readLarge(reading, step.slice, parts.keepAlive)
      }
    }
    while (ahead.length > 0) {
      yield lane.give(await next())
      lane.taken()
    }
  } finally {
    // Ended early or failed: what is being read ends before we do, whatever comes of it.
    await Promise.allSettled(ahead)
    lane.end()
    leave()
    parts.readers.leave()
  }
}

type Reading = {
  readonly lane: ReadingLane
  readonly reader: SliceReader
  readonly check: EntryCheck
}

/**
 * As long as the client is fast, in one go; while it is slow, a small step at a time. The header goes with the
 * first data: of an archive that begins with what cannot be read, nothing is sent.
 */
async function* readLarge(
  { lane, reader, check }: Reading,
  slice: EntrySlice,
  keepAlive: ArchiveParts['keepAlive'],
): Batches {
  let { start } = slice
  while (start < slice.end) {
    const bytes = lane.nextStepBytes()
    if (!lane.isFast) {
      const from = Math.max(start, slice.placed.dataOffset)
      const step = { ...slice, start, end: cutOf({ ...slice, start: from }, bytes) }
      yield lane.give(batchOf(await reader.read([step]), check))
      lane.taken()
      start = step.end
      await keepAlive()
      continue
    }
    for await (const read of reader.stream({ ...slice, start })) {
      yield lane.give(batchOf([read], check))
      lane.taken()
      start = read.end
      await keepAlive()
      if (!lane.isFast) break
    }
  }
}

function begin(reader: SliceReader, slices: readonly EntrySlice[]): Promise<readonly ReadSlice[]> {
  const reading = reader.read(slices)
  // It may fail while a step before it is sent: the failure is met when its turn comes.
  reading.catch(() => {})
  return reading
}

function batchOf(slices: readonly ReadSlice[], check: EntryCheck): Batch {
  const buffers: Buffer[] = []
  for (const { slice, header, data } of slices) {
    check.see(slice, data)
    if (header !== undefined) buffers.push(header)
    buffers.push(...data)
  }
  return joined(buffers)
}

/** `range` counts from the beginning of the directory. */
async function* readDirectory(
  parts: ArchiveParts,
  manifest: Manifest,
  range: HalfOpenRange,
): Batches {
  const { manifests } = parts.metadata
  for await (const page of placedPages(manifests, manifest, { centralOffset: range.start })) {
    await parts.keepAlive()
    const headers: Buffer[] = []
    let at = page[0]?.centralOffset ?? 0
    for (const { entry, offset } of page) {
      const header = centralHeader(entry, offset)
      const start = Math.max(range.start - at, 0)
      const end = Math.min(range.end - at, header.length)
      if (start < end) headers.push(header.subarray(start, end))
      at += header.length
    }
    yield joined(headers)
    if (at >= range.end) return
    // Nothing here waits for a disk: others have their turn between pages.
    await setImmediate()
  }
}

function joined(buffers: readonly Buffer[]): Batch {
  const batch: Batch = []
  let small: Buffer[] = []
  let bytes = 0
  const flush = () => {
    if (small.length > 0)
      batch.push(small.length === 1 ? (small[0] ?? Buffer.alloc(0)) : Buffer.concat(small, bytes))
    small = []
    bytes = 0
  }
  for (const buffer of buffers) {
    if (buffer.length >= smallBytes) {
      flush()
      batch.push(buffer)
      continue
    }
    small.push(buffer)
    bytes += buffer.length
    if (bytes >= joinedBytes) flush()
  }
  flush()
  return batch
}
