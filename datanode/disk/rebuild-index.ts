// Builds the index from the segment files alone. First every chunk record is entered, then every
// delete record takes effect in the segment that it names: the order between segments is of no weight.
import { join } from 'node:path'
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import type { Findings, RecoverOptions } from './recovery-report.ts'
import {
  readSegmentHeader,
  type SegmentScan,
  scanSegment,
  unreadableBytes,
} from './scan-segment.ts'
import {
  parseSegmentFileName,
  type RecordHeader,
  recordBytes,
  type SegmentId,
  segmentFileName,
  segmentHeaderBytes,
} from './segment-format.ts'
import type { Vfs, VfsFile } from './vfs.ts'

const recordsPerTransaction = 4096
const rewriteBytes = 1024 * 1024

export async function rebuildIndex(
  options: RecoverOptions,
  index: ChunkIndex,
  findings: Findings,
): Promise<void> {
  const withNotes: SegmentId[] = []
  for (const name of await options.vfs.list(options.paths.segments)) {
    const id = parseSegmentFileName(name)
    if (id === undefined) continue
    const scan = await takeIn(options, id, findings)
    if (scan === undefined) continue
    enterSegment(index, { id, scan })
    if (scan.records.some(({ is }) => is === 'delete')) withNotes.push(id)
  }
  for (const id of withNotes) await applyNotes(options, index, id)
}

/** Reads a segment, ends it if a stop has left it open, and moves it aside if it is no segment. */
async function takeIn(
  { vfs, paths }: RecoverOptions,
  id: SegmentId,
  findings: Findings,
): Promise<SegmentScan | undefined> {
  const path = paths.file(id)
  const file = await vfs.open(path, 'readWrite')
  let scan: SegmentScan
  try {
    const header = await readSegmentHeader(file)
    if (header?.id !== id) {
      await setAside(vfs, join(paths.segments, segmentFileName(id)), { file, findings })
      await vfs.syncDirectory(paths.segments)
      return undefined
    }
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

/** A file is given its records only after its header is durable: short ones never held any. */
async function setAside(
  vfs: Vfs,
  path: string,
  { file, findings }: { file: VfsFile; findings: Findings },
): Promise<void> {
  if ((await file.size()) <= segmentHeaderBytes) {
    await vfs.unlink(path)
    return
  }
  await vfs.rename(path, `${path}.bad`)
  findings.problems.push({ file: `${path}.bad`, what: 'has no intact header; it was set aside' })
}

function enterSegment(index: ChunkIndex, { id, scan }: { id: SegmentId; scan: SegmentScan }): void {
  const row = rowOf(id, scan)
  index.transact((txn) => txn.putSegment(row))
  const corrupt = new Set<RecordHeader>(scan.corrupt)
  for (const batch of batches(scan.records)) {
    index.transact((txn) =>
      withLedger(txn, (ledger) => {
        for (const record of batch) {
          if (record.is !== 'chunk') continue
          const { ref, offset, length, writtenSec } = record
          const isBad = corrupt.has(record)
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
    const header = await readSegmentHeader(file)
    if (header === undefined) throw new Error(`the header of ${paths.file(id)} became unreadable`)
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
