// The damaged footer of a sealed segment, written anew from the records that it repeats: they are all there,
// or it is left as it is.
import type { SegmentRow } from './chunk-index.ts'
import type { RecoverOptions } from './recovery-report.ts'
import { encodeFooter, encodeRecordHeader, recordHeaderBytes } from './segment-format.ts'
import type { SegmentRecords } from './segment-records.ts'
import type { VfsFile } from './vfs.ts'
import { writeAnew } from './write-anew.ts'

type Home = Pick<RecoverOptions, 'vfs' | 'paths'>

/** `sound`: it has its footer, or never had one. `failed`: not all of its records are there, or the disk takes nothing. */
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
