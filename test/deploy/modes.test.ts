// What the engines make is for their user alone, whatever the umask says.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { describe } from '../support/describe.ts'

describe('the files of the embedded engines', (test) => {
  test('are closed to groups and others, under any umask', async () => {
    const root = await mkdtemp(join(tmpdir(), 'holdfast-modes-'))
    const umask = process.umask(0)
    try {
      const metadata = await LmdbMetadataStore.open({
        path: join(root, 'metadata'),
        random: randomBytes,
        role: 'primary',
      })
      const blobs = await DiskBlobStore.open({
        isReferenced: async (refs) => refs.map(() => false),
        path: join(root, 'chunks'),
        role: 'primary',
        processId: 'one',
        vfs: realVfs,
        nowMs: Date.now,
        randomBytes,
        reserveBytes: 0,
      })
      const open: string[] = []
      for (const name of await readdir(root, { recursive: true })) {
        const { mode } = await stat(join(root, name))
        if ((mode & 0o077) !== 0) open.push(`${name} ${(mode & 0o777).toString(8)}`)
      }
      assert.deepEqual(open, [])
      await blobs.close()
      await metadata.close()
    } finally {
      process.umask(umask)
      await rm(root, { recursive: true })
    }
  })
})
