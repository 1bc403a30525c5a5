// A disk that turns read-only between two commits: LMDB is not asked to write to it. What becomes of a commit that is under
// way then is in `lmdb-refused-page.test.ts` and `../deploy/refused-pages.test.ts`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import { look, makeBucket, put } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { SmallDisk } from '../support/small-disk.ts'

const diskBytes = 32 * 1024 * 1024

describe('lmdb: a disk that has turned read-only', (test) => {
  test('refuses commits before the library meets it, reads on, and takes commits when mounted anew', async () => {
    const disk = SmallDisk.make(diskBytes)
    if (disk === undefined) return
    const path = join(disk.path, 'metadata')
    const open = () => LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    try {
      const store = await open()
      const bucket = await makeBucket(store, 'one')
      await put(store, bucket, 'before')
      disk.turnReadOnly()
      for (const key of ['first', 'second']) {
        await assert.rejects(put(store, bucket, key), (cause) => {
          // As Node names it: LMDB would say 30.
          assert.ok(cause instanceof MetadataFull && cause.cause instanceof Error)
          assert.equal('code' in cause.cause && cause.cause.code, 'EROFS')
          return true
        })
      }
      assert.ok(await look(store, bucket, 'before'))
      await store.close()
      disk.unmount()
      disk.mount()
      const again = await open()
      assert.ok(await look(again, bucket, 'before'))
      await put(again, bucket, 'after')
      await again.close()
    } finally {
      disk.discard()
    }
  })
})
