// An index to look at a store with: a copy of the one that is there, in a directory of its own.
import { constants } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { IndexHome } from './chunk-index.ts'
import { lmdbIndexHome } from './lmdb-chunk-index.ts'
import { errorCode } from './vfs.ts'

/** `original`: where the store has its index, if it has one. `copy`: a directory of nobody else's. */
export function borrowedIndexHome(original: string, copy: string): IndexHome {
  const own = lmdbIndexHome(copy)
  let isErased = false
  return {
    open: async () => {
      if (!isErased) await copyIndex(original, copy)
      return own.open()
    },
    erase: () => {
      isErased = true
      return own.erase()
    },
    digest: () => lmdbIndexHome(original).digest(),
  }
}

async function copyIndex(original: string, copy: string): Promise<void> {
  await mkdir(copy, { recursive: true, mode: 0o700 })
  try {
    const [from, to] = [original, copy].map((directory) => join(directory, 'data.mdb'))
    if (from !== undefined && to !== undefined) await copyFile(from, to, constants.COPYFILE_FICLONE)
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
  }
}
