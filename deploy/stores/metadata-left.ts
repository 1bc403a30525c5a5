// How the metadata were left, as the lock file tells: a start on those that nobody closed in order, or that are
// not the same file any more, reads every page of them first. LMDB trusts its pages, and ends a process
// that meets a damaged one: then only the next start could say why. Decides about reading, never about data.
import { type BigIntStats, statSync } from 'node:fs'
import { join } from 'node:path'
import { metadataDirectory } from './store-paths.ts'

/** In the second line of the lock file. `opening`: not known to be well. `closed`: with what tells the file. */
const leftLine = /^(opening|serving|closed \d+ \d+ \d+)$/m

/** A second or two. What is larger, and was served for a while when the server was killed, is not read. */
const readAfterKillBytesMax = 2 * 1024 * 1024 * 1024

export type MetadataState = 'opening' | 'serving' | 'closed'

/** The line, if the text of the lock file has it. */
export function leftOf(lockText: string): string | undefined {
  return leftLine.exec(lockText)?.[0]
}

export function leftAs(state: MetadataState, dataDirectory: string): string {
  return state === 'closed' ? closedLine(dataDirectory) : state
}

/** Whether all pages are to be read before they are opened. */
export function mustReadAll(left: string | undefined, dataDirectory: string): boolean {
  const file = statOf(dataDirectory)
  if (file === undefined || file.size === 0n) return false
  if (left === 'serving') return file.size <= readAfterKillBytesMax
  return left !== closedLine(dataDirectory)
}

/** Another file, or one that was changed, has another line: also when its size and its time were put back. */
function closedLine(dataDirectory: string): string {
  const file = statOf(dataDirectory)
  return file === undefined ? 'opening' : `closed ${file.ino} ${file.size} ${file.ctimeNs}`
}

function statOf(dataDirectory: string): BigIntStats | undefined {
  const path = join(metadataDirectory(dataDirectory), 'data.mdb')
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}
