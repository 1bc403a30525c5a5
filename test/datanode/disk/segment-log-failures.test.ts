// The log of segments when disk and index fail together: whoever waits is told.
import { strict as assert } from 'node:assert'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lmdbIndexHome } from '../../../datanode/disk/lmdb-chunk-index.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { diskFixture } from '../disk-store-fixture.ts'
import { testChunk } from '../sealed-chunk-fixture.ts'

const seed = Date.now() % 2 ** 31

describe('a log of segments whose index fails too', (test) => {
  for (const call of ['write', 'datasync'] as const) {
    test(`a chunk whose ${call} fails is refused, and does not wait for ever`, async () => {
      console.log(`segment log failures: seed ${seed}`)
      const random = new SeededRandom(seed)
      const fixture = await diskFixture()
      const broken = { disk: false }
      const full = () => Object.assign(new Error('no space'), { code: 'EIO' })
      const home = lmdbIndexHome(join(fixture.path, 'index'))
      const store = await fixture.open({
        vfs: {
          ...realVfs,
          open: async (path, mode) => {
            const file = await realVfs.open(path, mode)
            const failing = async () => {
              throw full()
            }
            return {
              ...file,
              write: (pieces, at) =>
                broken.disk && call === 'write' ? failing() : file.write(pieces, at),
              datasync: () => (broken.disk && call === 'datasync' ? failing() : file.datasync()),
            }
          },
        },
        indexHome: {
          ...home,
          open: async () => {
            const index = await home.open()
            const transact: typeof index.transact = (work) => {
              if (broken.disk) throw full()
              return index.transact(work)
            }
            return { ...index, transact }
          },
        },
      })
      const first = testChunk(random, 5000)
      await store.write(first)
      const segments = join(fixture.path, 'segments')
      const [given] = await readdir(segments)
      broken.disk = true
      await assert.rejects(store.write(testChunk(random, 5000)), /no space/)
      broken.disk = false
      assert.deepEqual(await store.write(testChunk(random, 5000)), { is: 'stored' })
      // The index did not learn that the segment has ended; it is told again.
      await store.maintain()
      await store.delete([first.ref])
      while ((await store.reclaim(2 ** 30)).is === 'worked');
      assert(!(await readdir(segments)).includes(given ?? ''), 'its space does not return')
      await store.close()
      await fixture.discard()
    })
  }
})
