// The header of a segment file, or what stands in for one that is damaged: of all that it says, records need
// the salt alone, and give it away. So a damaged header is written anew, and nothing hangs on it.
import { recoverSalt } from './recover-salt.ts'
import {
  encodeSegmentHeader,
  parseRecordHeader,
  parseSegmentHeader,
  recordHeaderBytes,
  type SegmentHeader,
  type SegmentId,
  segmentHeaderBytes,
} from './segment-format.ts'
import { errorCode, type Vfs, type VfsFile } from './vfs.ts'
import { writeAnew } from './write-anew.ts'

/**
 * The header with the id that the file's name says. `damaged`: told by the records, without the origin and
 * the time; `unreadable`: the same, and the header may be there another time; `misnamed`: it says `ownId` of
 * itself, and its records agree.
 */
export type FoundHeader = { readonly header: SegmentHeader } & (
  | { readonly is: 'intact' }
  | { readonly is: 'misnamed'; readonly ownId: SegmentId }
  | { readonly is: 'damaged' }
  | { readonly is: 'unreadable' }
)

/** `undefined`: no intact header. Throws `StoreRefused` when it is of a later version. */
export async function readSegmentHeader(file: VfsFile): Promise<SegmentHeader | undefined> {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  await file.read(bytes, 0)
  return parseSegmentHeader(bytes)
}

/** `undefined`: there is no header, nor a record that would need one. Reads all of a damaged file at worst. */
export async function findSegmentHeader(
  file: VfsFile,
  id: SegmentId,
): Promise<FoundHeader | undefined> {
  let written: SegmentHeader | undefined
  let unreadable: { readonly cause: unknown } | undefined
  try {
    written = await readSegmentHeader(file)
  } catch (cause) {
    if (errorCode(cause) !== 'EIO') throw cause
    unreadable = { cause }
  }
  const isRight = written !== undefined && (await startsWithRecord(file, written.salt))
  const salt = (isRight ? written?.salt : undefined) ?? (await recoverSalt(file, written?.salt))
  // The header of another segment may have been written over this one's: its records have the last word.
  if (written !== undefined && (salt === undefined || salt === written.salt)) {
    const { id: ownId } = written
    if (ownId === id) return { is: 'intact', header: written }
    return { is: 'misnamed', header: { ...written, id }, ownId }
  }
  if (salt === undefined) {
    if (unreadable !== undefined) throw unreadable.cause
    return undefined
  }
  const is = unreadable === undefined ? 'damaged' : 'unreadable'
  return { is, header: { id, salt, createdMs: 0 } }
}

/** True when the first record was written under this salt, as most are. */
async function startsWithRecord(file: VfsFile, salt: number): Promise<boolean> {
  const bytes = Buffer.alloc(recordHeaderBytes)
  const got = await file.read(bytes, segmentHeaderBytes)
  const at = { salt, offset: segmentHeaderBytes }
  return parseRecordHeader(bytes.subarray(0, got), at) !== undefined
}

/** Durable when it is true. A disk that does not take it now costs nothing but another look at the records. */
export function mendSegmentHeader(vfs: Vfs, path: string, header: SegmentHeader): Promise<boolean> {
  return writeAnew(vfs, path, (file) => file.write([encodeSegmentHeader(header)], 0))
}
