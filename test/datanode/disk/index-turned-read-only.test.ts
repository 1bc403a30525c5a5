// A disk that turns read-only between two transactions of the chunk index: LMDB is not asked to write to it.
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { lmdbIndexHome } from '../../../datanode/disk/lmdb-chunk-index.ts'
import { describe } from '../../support/describe.ts'
import { SmallDisk } from '../../support/small-disk.ts'

const diskBytes = 32 * 1024 * 1024

describe('the chunk index on a disk that has turned read-only', (test) => {
  test('refuses transactions before the library meets it, and reads on', async () => {
    const disk = SmallDisk.make(diskBytes)
    if (disk === undefined) return
    const lost: unknown[] = []
    try {
      const home = lmdbIndexHome(join(disk.path, 'index'), (cause) => lost.push(cause))
      const index = await home.open()
      const note = (value: string) => index.transact((txn) => txn.remember('note', value))
      note('before')
      disk.turnReadOnly()
      // As Node names it: LMDB would say 30.
      for (const value of ['first', 'second']) assert.throws(() => note(value), { code: 'EROFS' })
      assert.equal(index.remembered('note'), 'before')
      await index.close()
    } finally {
      disk.discard()
    }
    assert.deepEqual(lost, [])
  })
})
