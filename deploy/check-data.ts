// `holdfast check`: looks through a data directory that no server uses, and tells what is not as it
// must be. Like a start after an unclean stop it recovers the chunk store first; it changes nothing
// else.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DiskBlobStore } from '../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../datanode/disk/real-vfs.ts'
import { checkReferences } from './check-references.ts'
import { DataDirectoryRefused, lockDataDirectory } from './data-directory.ts'
import type { Print } from './serving.ts'
import { newProcessId } from './worker-pool.ts'

const chunksAtOnce = 1_000_000

/** Answers whether all is well. Throws `DataDirectoryRefused`, also while a server runs. */
export async function checkData(dataDirectory: string, print: Print): Promise<boolean> {
  const metadataPath = join(dataDirectory, 'metadata')
  if (!existsSync(metadataPath)) {
    throw new DataDirectoryRefused(`There is no data of a server in ${dataDirectory}.`)
  }
  const lock = await lockDataDirectory(dataDirectory, { pid: process.pid, wait: sleep })
  try {
    const blobs = await DiskBlobStore.open({
      path: join(dataDirectory, 'chunks'),
      role: 'primary',
      processId: newProcessId(process.pid),
      vfs: realVfs,
      nowMs: Date.now,
      randomBytes,
      isReferenced: async (refs) => refs.map(() => true),
    })
    try {
      const damaged = blobs.recovery?.problems ?? []
      for (const { file, what } of damaged) print(`${file} ${what}`)
      const report = await checkReferences({ metadataPath, blobs, chunksAtOnce, onProblem: print })
      const problems = damaged.length + report.problems
      print(`${report.chunks} chunks, ${problems} problems, ${report.orphans} orphans.`)
      return problems === 0
    } finally {
      await blobs.close()
    }
  } finally {
    lock.release()
  }
}
