// A disk of a few megabytes: the operating system's files, and as much free space as is left of it.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import type { Vfs } from '../../datanode/disk/vfs.ts'

export function limitedDisk(bytes: number): Vfs {
  return {
    ...realVfs,
    freeBytes: async (path) => bytes - (await bytesIn(path)),
  }
}

async function bytesIn(directory: string): Promise<number> {
  let bytes = 0
  for (const name of await realVfs.list(directory)) {
    const file = await stat(join(directory, name)).catch(() => undefined)
    if (file?.isFile() === true) bytes += file.size
  }
  return bytes
}
