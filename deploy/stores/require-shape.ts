// Whether what is in a data directory, or a backup, is of the right kind: a file where a directory has to
// be, or the reverse, or a link to a volume that is not mounted, is told in a sentence before anything is opened.
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSegmentFileName } from '../../datanode/disk/segment-format.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { chunksDirectory, metadataDirectory } from './store-paths.ts'

type Kind = 'a directory' | 'a file'

/** Throws `StoreRefused`. What is not there is as it should be. Changes nothing. */
export async function requireShape(directory: string): Promise<void> {
  // What it lies in or is itself is told by those who make it.
  if ((await kindOf(directory)) !== 'a directory') return
  const metadata = metadataDirectory(directory)
  const paths = segmentPaths(chunksDirectory(directory))
  // The outer ones first: behind a file there is nothing to be looked at.
  for (const path of [metadata, paths.root, paths.segments, paths.index]) {
    await requireKind(path, 'a directory')
  }
  const files = [
    ...['lock', 'holdfast-store', 'holdfast-backup', 'restore-under-way'].map((name) =>
      join(directory, name),
    ),
    ...[environmentFile(metadata), join(metadata, 'lock.mdb')],
    ...[environmentFile(paths.index), paths.trust, paths.note, paths.reserve],
    ...(await directoriesAmongSegments(paths.segments)),
  ]
  for (const path of files) await requireKind(path, 'a file')
}

async function requireKind(path: string, wanted: Kind): Promise<void> {
  const found = await kindOf(path)
  if (found === undefined || found === wanted) return
  throw new StoreRefused(
    `${path} is ${found}, and has to be ${wanted}. Nothing was changed. Is a volume not mounted, or a copy in the wrong place? See docs/recovery.md.`,
  )
}

/** `undefined`: it is not there, or cannot be looked at, which whoever opens it will tell. */
async function kindOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) return 'a directory'
    return found.isFile() ? 'a file' : 'neither a file nor a directory'
  } catch {
    const link = await lstat(path).catch(() => undefined)
    return link?.isSymbolicLink() ? 'a symbolic link to what cannot be reached' : undefined
  }
}

async function directoriesAmongSegments(segments: string): Promise<readonly string[]> {
  const entries = await readdir(segments, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => !entry.isFile() && parseSegmentFileName(entry.name) !== undefined)
    .map(({ name }) => join(segments, name))
}
