// The header of a record that is damaged where the record lies, and whole in the footer of its segment: it is
// written anew, so that the chunk, whose frames are all there, can be read again.
import { readWholeRecord } from './read-record.ts'
import { type ChunkRecord, encodeRecordHeader, recordHeaderBytes } from './segment-format.ts'
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
