// What is damaged of a segment and stands elsewhere in it once more, written anew: the header of a record, which
// is whole in the footer, so that the chunk, whose frames are all there, can be read again; and the footer, from
// the records that it repeats.
import type { SegmentRow } from './chunk-index.ts'
import { readWholeRecord } from './read-record.ts'
import type { RecoverOptions } from './recovery-report.ts'
import {
  type ChunkRecord,
  encodeFooter,
  encodeRecordHeader,
  recordHeaderBytes,
} from './segment-format.ts'
import type { SegmentRecords } from './segment-records.ts'
import { errorCode, type Vfs, type VfsFile } from './vfs.ts'
import { writeAnew } from './write-anew.ts'

type Parts = {
  readonly vfs: Vfs
  readonly path: string
  /** The same, open to be read. */
  readonly file: VfsFile
  readonly salt: number
}

/**
 * `record` as the footer has it, or the record itself. `sound`: its header is as it must be, and nothing is
 * said of its frames. `failed`: it is not, and the frames do not fit it, or the disk takes nothing.
 */
export async function mendRecord(
  { vfs, path, file, salt }: Parts,
  record: ChunkRecord,
): Promise<'sound' | 'mended' | 'failed'> {
  const right = Buffer.alloc(recordHeaderBytes)
  encodeRecordHeader(record, salt, right)
  try {
    const written = Buffer.alloc(recordHeaderBytes)
    await file.read(written, record.offset)
    if (written.equals(right)) return 'sound'
    if ((await readWholeRecord(file, record)) === undefined) return 'failed'
  } catch (cause) {
    if (errorCode(cause) !== 'EIO') throw cause
    return 'failed'
  }
  const isMended = await writeAnew(vfs, path, (writable) => writable.write([right], record.offset))
  return isMended ? 'mended' : 'failed'
}

type Home = Pick<RecoverOptions, 'vfs' | 'paths'>

/**
 * `sound`: the segment has its footer, or never had one. `failed`: not all of its records are there, and it is left
 * as it is, or the disk takes nothing.
 */
export async function mendFooter(
  { vfs, paths }: Home,
  row: SegmentRow,
  { file, scan }: { readonly file: VfsFile; readonly scan: SegmentRecords },
): Promise<'sound' | 'mended' | 'failed'> {
  if (scan.sealed || row.state !== 'sealed' || (await file.size()) <= row.end) return 'sound'
  if (scan.end !== row.end || scan.unknownBytes > 0 || scan.skipped.length > 0) return 'failed'
  const headers = scan.records.map((record) => {
    const header = Buffer.alloc(recordHeaderBytes)
    encodeRecordHeader(record, scan.salt, header)
    return header
  })
  const isMended = await writeAnew(vfs, paths.file(row.id), async (writable) => {
    await writable.truncate(row.end)
    await writable.write([encodeFooter(headers, row.end, scan.salt)], row.end)
  })
  return isMended ? 'mended' : 'failed'
}
