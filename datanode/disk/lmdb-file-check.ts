// A look at the file of the chunk index before LMDB maps it into memory: on one that is no environment, or
// that was cut short, the library ends the process instead of failing.
import { open } from 'node:fs/promises'
import { judgeLmdbFile, lmdbHeadBytes } from '../../protocol/store/lmdb-file.ts'
import { errorCode } from './vfs.ts'

/** Throws when the file is there and cannot be an intact environment. Not a full check. */
export async function checkLmdbFile(path: string): Promise<void> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return
    throw cause
  }
  try {
    const { size } = await file.stat()
    const head = Buffer.alloc(Math.min(size, lmdbHeadBytes))
    await file.read(head, 0, head.length, 0)
    const found = judgeLmdbFile(head, size)
    if (found.is === 'unusable') throw new Error(`${path} ${found.why}`)
  } finally {
    await file.close()
  }
}
