// Which segments are worth what it costs to give their dead bytes back. Pure.
import type { SegmentRow } from './chunk-index.ts'
import { type SegmentId, segmentHeaderBytes } from './segment-format.ts'

/** Share of dead bytes from which a segment is compacted: how much more than live data is on disk. */
const deadShareMax = 0.12
/** An active segment that is in use is sealed for its dead bytes only when they are many. */
const busyDeadBytesMin = 16 * 1024 * 1024
/** So many segments below an eighth of the usual size are joined. */
const smallSegmentsMax = 8

/** Bytes that neither a chunk nor a delete record takes. */
export function deadBytes(row: SegmentRow, notesNeeded: boolean): number {
  const notes = notesNeeded ? row.noteBytes : 0
  return Math.max(0, row.end - segmentHeaderBytes - row.liveBytes - notes)
}

/** True when the file can go at once. */
export function isDead(row: SegmentRow, notesNeeded: boolean): boolean {
  return row.state !== 'active' && row.chunks === 0 && row.unknownBytes === 0 && !notesNeeded
}

/** Segments to move what counts out of, the most rewarding first. */
export function chooseSegments(
  rows: readonly SegmentRow[],
  options: { needed: ReadonlyMap<SegmentId, boolean>; segmentBytes: number },
): SegmentRow[] {
  const share = (row: SegmentRow): number =>
    deadBytes(row, options.needed.get(row.id) ?? true) / row.end
  const suspect = rows.filter(({ state }) => state === 'suspect')
  const sealed = rows.filter(({ state }) => state === 'sealed')
  const sparse = sealed.filter((row) => share(row) > deadShareMax)
  const small = sealed.filter(({ end }) => end < options.segmentBytes / 8)
  const joined = small.length >= smallSegmentsMax ? small : []
  const chosen = sparse.length > 0 ? sparse.sort((a, b) => share(b) - share(a)) : joined
  return [...suspect, ...chosen]
}

/** Whether its owner should end an active segment, so that its dead bytes can be given back. */
export function isWorthSealing(row: SegmentRow, used: 'idle' | 'inUse'): boolean {
  const dead = deadBytes(row, true)
  if (dead <= deadShareMax * row.end) return false
  return used === 'idle' || dead >= busyDeadBytesMin
}
