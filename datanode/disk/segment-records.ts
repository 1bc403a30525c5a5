// The records of a segment that is in the index, and which of them still count.
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { type SegmentScan, scanSegment } from './scan-segment.ts'
import type { ChunkRecord } from './segment-format.ts'
import { segmentFileName } from './segment-format.ts'
import { findSegmentHeader } from './segment-header.ts'
import type { VfsFile } from './vfs.ts'

/** A segment that nothing but the index can find its way in. */
export class DamagedSegment extends Error {
  override readonly name = 'DamagedSegment'
}

/** With the salt of its records. */
export type SegmentRecords = SegmentScan & { readonly salt: number }

/** All of its records up to the row's end, which are durable. Frames are not looked at. */
export async function recordsOf(file: VfsFile, row: SegmentRow): Promise<SegmentRecords> {
  const found = await findSegmentHeader(file, row.id)
  if (found === undefined) {
    throw new DamagedSegment(`no record of segment ${segmentFileName(row.id)} can be made out`)
  }
  const { header } = found
  const options = { header, syncedTo: row.end, limit: row.end, checkFrames: false }
  return { ...(await scanSegment(file, options)), salt: header.salt }
}

/** True when the index points to this very record. */
export function isLive(
  index: Pick<ChunkIndex, 'find'>,
  row: SegmentRow,
  record: ChunkRecord,
): boolean {
  const place = index.find(record.ref)
  return (
    place?.segment === row.id && place.offset === record.offset && place.length === record.length
  )
}
