// A damaged piece of a segment, written anew where it lies.
import { isNoRoom } from '../../protocol/no-room.ts'
import { errorCode, type Vfs, type VfsFile } from './vfs.ts'

/** Durable when it is true. False: the disk is full, or does not take it. */
export async function writeAnew(
  vfs: Vfs,
  path: string,
  write: (file: VfsFile) => Promise<void>,
): Promise<boolean> {
  try {
    const file = await vfs.open(path, 'readWrite')
    try {
      await write(file)
      await file.datasync()
    } finally {
      await file.close()
    }
    return true
  } catch (cause) {
    if (!isNoRoom(cause) && errorCode(cause) !== 'EIO') throw cause
    return false
  }
}
