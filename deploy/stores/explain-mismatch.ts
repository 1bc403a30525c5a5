// Why metadata and chunks may not be opened together, and how to go on, for operators.
import { join } from 'node:path'
import type { Mismatch } from '../../protocol/store/lineage.ts'

export function explainMismatch(why: Mismatch, dataDirectory: string): string {
  const metadata = join(dataDirectory, 'metadata')
  const chunks = join(dataDirectory, 'chunks')
  const recover = `holdfast recover --data ${dataDirectory}`
  return `${whatIsWrong(why, { metadata, chunks })} Nothing was changed. Is a volume not mounted, or a copy in the wrong place? Put it right, or restore a backup (holdfast restore), or see what "${recover}" can save: docs/recovery.md.`
}

/** Of metadata that lie elsewhere. */
export function explainOuterMismatch(why: Mismatch, dataDirectory: string): string {
  const metadata = '--metadata'
  const chunks = join(dataDirectory, 'chunks')
  const recover = `holdfast recover --data ${dataDirectory} --metadata LOCATION`
  return `${whatIsWrong(why, { metadata, chunks })} Nothing was changed. Is it the right database, and is every volume mounted? Put it right, or put back copies that were taken together, or see what "${recover}" can save: docs/cluster.md.`
}

function whatIsWrong(
  why: Mismatch,
  { metadata, chunks }: { readonly metadata: string; readonly chunks: string },
): string {
  switch (why) {
    case 'catalogMissing':
      return `There are chunks in ${chunks}, and the metadata that say what they are of are missing from ${metadata}.`
    case 'chunksMissing':
      return `There are metadata in ${metadata}, and the chunks that they refer to are missing from ${chunks}.`
    case 'bothMissing':
      return `There was a store here, and its metadata (${metadata}) and chunks (${chunks}) are missing.`
    case 'foreign':
      return `The metadata in ${metadata} and the chunks in ${chunks} are of different stores.`
    case 'catalogOlder':
      return `The metadata in ${metadata} are older than the chunks in ${chunks}: they do not know what was stored or deleted since.`
    case 'chunksOlder':
      return `The chunks in ${chunks} are older than the metadata in ${metadata}: what was stored since is not among them.`
    case 'diverged':
      return `The metadata in ${metadata} and the chunks in ${chunks} were each used without the other.`
    case 'noteOlder':
      return `The note in ${chunks} that says of which moment its segments are is missing, or older than they are.`
    default:
      return why satisfies never
  }
}
