// Opens disk stores in a directory of their own, and takes it away at the end; or on a simulated disk.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DiskBlobStore, type DiskBlobStoreOptions } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { CrashFs } from '../simulation/datanode-crash-fs.ts'
import { MemoryIndexHome } from '../simulation/datanode-memory-index.ts'
import { SeededRandom } from '../simulation/datanode-random.ts'

export type DiskFixture = {
  readonly path: string
  open(options?: Partial<DiskBlobStoreOptions>): Promise<DiskBlobStore>
  /** Closes every store that was opened here, and removes the directory. */
  discard(): Promise<void>
}

export async function diskFixture(): Promise<DiskFixture> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'))
  const stores: DiskBlobStore[] = []
  return {
    path,
    async open(options = {}) {
      const store = await DiskBlobStore.open({
        path,
        role: 'primary',
        processId: randomBytes(8).toString('hex'),
        vfs: realVfs,
        nowMs: Date.now,
        randomBytes,
        segmentBytes: 4 * 1024 * 1024,
        reserveBytes: 0,
        isReferenced: async (refs) => refs.map(() => false),
        ...options,
      })
      stores.push(store)
      return store
    },
    async discard() {
      for (const store of stores) await store.close()
      await rm(path, { recursive: true, force: true })
    },
  }
}

/** In memory, and well behaved as long as nobody lets it fail. */
export async function simulatedDisk(): Promise<Omit<DiskFixture, 'path'>> {
  const random = new SeededRandom(1)
  const view = new CrashFs(random).view()
  const home = new MemoryIndexHome()
  const stores: DiskBlobStore[] = []
  return {
    async open(options = {}) {
      const store = await DiskBlobStore.open({
        path: '/data',
        role: 'primary',
        processId: randomBytes(8).toString('hex'),
        vfs: view.vfs,
        nowMs: Date.now,
        randomBytes,
        segmentBytes: 4 * 1024 * 1024,
        reserveBytes: 0,
        indexHome: home.view(view.isAlive),
        isReferenced: async (refs) => refs.map(() => false),
        ...options,
      })
      stores.push(store)
      return store
    },
    async discard() {
      for (const store of stores) await store.close()
    },
  }
}
