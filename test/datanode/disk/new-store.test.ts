// A store that is made: its names are as durable as what will lie under them.
import { strict as assert } from 'node:assert'
import { dirname, join } from 'node:path'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import { describe } from '../../support/describe.ts'
import { diskFixture } from '../disk-store-fixture.ts'

describe('a new disk store', (test) => {
  test('syncs the directories that name its own', async () => {
    const fixture = await diskFixture()
    const path = join(fixture.path, 'chunks')
    const synced = new Set<string>()
    const vfs = {
      ...realVfs,
      syncDirectory: async (directory: string) => {
        await realVfs.syncDirectory(directory)
        synced.add(directory)
      },
    }
    await fixture.open({ path, vfs })
    assert(synced.has(path) && synced.has(dirname(path)), [...synced].join(' '))
    await fixture.discard()
  })
})
