// Opens a chunk store to look at it: it is recovered as at a start, and nothing of it changes. It may lie
// on a read-only medium, or be missing.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { borrowedIndexHome } from '../../datanode/disk/borrowed-index.ts'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { lookingVfs } from '../../datanode/disk/looking-vfs.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { newProcessId } from '../process/worker-pool.ts'
import { chunksDirectory } from '../stores/store-paths.ts'
import { asideNames, nameOfAside } from './copy-segments.ts'

/** Runs the work on it. Its index is in a temporary directory meanwhile. */
export async function lookAtBlobs<T>(
  dataDirectory: string,
  { chunks }: Pick<MetadataStore, 'chunks'>,
  work: (blobs: DiskBlobStore) => Promise<T>,
): Promise<T> {
  const path = chunksDirectory(dataDirectory)
  const paths = segmentPaths(path)
  const temporary = await mkdtemp(join(tmpdir(), 'holdfast-index-'))
  try {
    const vfs = lookingVfs(realVfs)
    // A backup that was cut off may have some of its segments aside.
    for (const name of await asideNames(paths.segments)) {
      await vfs.rename(join(paths.segments, name), join(paths.segments, nameOfAside(name)))
    }
    const blobs = await DiskBlobStore.open({
      ...{ path, role: 'primary', processId: newProcessId(process.pid), vfs },
      ...{ nowMs: Date.now, randomBytes },
      indexHome: borrowedIndexHome(paths.index, join(temporary, 'index')),
      isReferenced: (refs) => chunks.areReferenced(refs),
    })
    return await work(blobs).finally(() => blobs.close())
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
