// Builds the index from the segment files alone. First every chunk record is entered, then every
// delete record takes effect in the segment that it names: the order between segments is of no weight.
import { judgeCopies } from './better-copies.ts'
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import type { Findings, RecoverOptions } from './recovery-report.ts'
import { type SegmentScan, scanSegment, unreadableBytes } from './scan-segment.ts'
import {
  type RecordHeader,
  recordBytes,
  type SegmentHeader,
  type SegmentId,
  segmentFileName,
  segmentHeaderBytes,
} from './segment-format.ts'
import { findSegmentHeader } from './segment-header.ts'
import { settleSegments } from './settle-segments.ts'
import type { VfsFile } from './vfs.ts'

const recordsPerTransaction = 4096
const rewriteBytes = 1024 * 1024

export async function rebuildIndex(
  options: RecoverOptions,
  index: ChunkIndex,
  findings: Findings,
): Promise<void> {
  const withNotes: SegmentId[] = []
  for (const id of await settleSegments({ ...options, findings })) {
    const scan = await takeIn(options, id, findings)
    await enterSegment(options, index, { id, scan })
    if (scan.records.some(({ is }) => is === 'delete')) withNotes.push(id)
  }
  for (const id of withNotes) await applyNotes(options, index, id)
}

/** Reads a segment, and ends it if a stop has left it open. */
async function takeIn(
  { vfs, paths }: RecoverOptions,
  id: SegmentId,
  findings: Findings,
): Promise<SegmentScan> {
  const path = paths.file(id)
  const file = await vfs.open(path, 'readWrite')
  let scan: SegmentScan
  try {
    const header = await requireHeader(file, id)
    scan = await scanSegment(file, {
      header,
      syncedTo: segmentHeaderBytes,
      checkFrames: true,
    })
    if (!scan.sealed) {
      findings.unsealed += 1
      await file.truncate(scan.end)
      await makeDurable(file, scan)
    }
  } finally {
    await file.close()
  }
  if (scan.unknownBytes > 0) {
    findings.problems.push({ file: path, what: `hides records in ${scan.unknownBytes} bytes` })
  }
  for (const { start, end } of scan.skipped) {
    const what = `skips ${end - start} bytes at ${start}, which may never have been acknowledged`
    findings.problems.push({ file: path, what })
  }
  for (const { offset } of scan.corrupt) {
    findings.problems.push({ file: path, what: `the chunk at ${offset} is corrupt` })
  }
  return scan
}

async function requireHeader(file: VfsFile, id: SegmentId): Promise<SegmentHeader> {
  const found = await findSegmentHeader(file, id)
  if (found === undefined) throw new Error(`${segmentFileName(id)} has changed since it was read`)
  return found.header
}

/**
 * Records may be whole in the system's cache alone, and count from now on. A sync that failed once
 * has made the cache call their pages clean, so they are written again, byte for byte, first.
 */
async function makeDurable(file: VfsFile, { syncedTo, end }: SegmentScan): Promise<void> {
  const buffer = Buffer.allocUnsafe(rewriteBytes)
  for (let at = syncedTo; at < end; at += rewriteBytes) {
    const piece = buffer.subarray(0, Math.min(rewriteBytes, end - at))
    await file.read(piece, at)
    await file.write([piece], at)
  }
  await file.datasync()
}

async function enterSegment(
  home: RecoverOptions,
  index: ChunkIndex,
  { id, scan }: { id: SegmentId; scan: SegmentScan },
): Promise<void> {
  const row = rowOf(id, scan)
  index.transact((txn) => txn.putSegment(row))
  const corrupt = new Set<RecordHeader>(scan.corrupt)
  for (const batch of batches(scan.records)) {
    const badCopies = await judgeCopies(home, index, { id, records: batch })
    index.transact((txn) =>
      withLedger(txn, (ledger) => {
        for (const record of batch) {
          if (record.is !== 'chunk') continue
          const { ref, offset, length, writtenSec } = record
          const isBad = corrupt.has(record) || badCopies.has(record)
          ledger.addFound(ref, { segment: id, offset, length, writtenSec, isBad })
        }
      }),
    )
  }
}

/** The row of a segment that nobody appends to, without chunks. */
export function rowOf(id: SegmentId, scan: SegmentScan): SegmentRow {
  const notes = scan.records.filter(({ is }) => is === 'delete')
  return {
    id,
    owner: '',
    state: scan.unknownBytes > 0 || scan.corrupt.length > 0 ? 'damaged' : 'sealed',
    epoch: 0,
    end: scan.end,
    liveBytes: 0,
    chunks: 0,
    noteBytes: notes.reduce((sum, note) => sum + recordBytes(note), 0),
    unknownBytes: scan.unknownBytes,
    skippedBytes: unreadableBytes(scan.skipped),
  }
}

async function applyNotes(
  { vfs, paths }: RecoverOptions,
  index: ChunkIndex,
  id: SegmentId,
): Promise<void> {
  const file = await vfs.open(paths.file(id), 'read')
  try {
    const header = await requireHeader(file, id)
    // The file has been cut to its good records by now, and what they say is durable.
    const scan = await scanSegment(file, {
      header,
      syncedTo: await file.size(),
      checkFrames: false,
    })
    for (const batch of batches(scan.records)) {
      index.transact((txn) =>
        withLedger(txn, (ledger) => {
          for (const record of batch) {
            // A copy elsewhere was put there later, since metadata still refer to it.
            const isMeant =
              record.is === 'delete' && ledger.find(record.ref)?.segment === record.target
            if (isMeant) ledger.remove(record.ref)
          }
        }),
      )
    }
  } finally {
    await file.close()
  }
}

function* batches(records: readonly RecordHeader[]): Generator<readonly RecordHeader[]> {
  for (let at = 0; at < records.length; at += recordsPerTransaction) {
    yield records.slice(at, at + recordsPerTransaction)
  }
}
