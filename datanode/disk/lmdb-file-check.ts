// A look at the file of the chunk index before LMDB maps it into memory: on one that is no environment, or
// that was cut short, the library ends the process instead of failing.
import { type FileHandle, open } from 'node:fs/promises'
import { judgeLmdbFile, lmdbHeadBytes, lmdbUsage } from '../../protocol/store/lmdb-file.ts'
import { errorCode } from './vfs.ts'

/** Throws when the file is there and cannot be an intact environment. Not a full check. */
export async function checkLmdbFile(path: string): Promise<void> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return
    throw cause
  }
  try {
    const { size } = await file.stat()
    const found = judgeLmdbFile(await headOf(file, size), size)
    if (found.is === 'unusable') throw new Error(`${path} ${found.why}`)
  } finally {
    await file.close()
  }
}

/** How much of an environment's file is in use, as of its last commit. */
export async function lmdbUsedBytes(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    return lmdbUsage(await headOf(file, size))
  } finally {
    await file.close()
  }
}

async function headOf(file: FileHandle, size: number): Promise<Buffer> {
  const head = Buffer.alloc(Math.min(size, lmdbHeadBytes))
  await file.read(head, 0, head.length, 0)
  return head
}
