// What the disk engine does on a disk that takes no more: nothing is broken, and what removes goes on.
import { strict as assert } from 'node:assert'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskBlobStore } from '../../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import type { Vfs } from '../../../datanode/disk/vfs.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { type DiskFixture, diskFixture } from '../disk-store-fixture.ts'
import { stateOf, type TestChunk, testChunk, wholeOf } from '../sealed-chunk-fixture.ts'

const seed = Date.now() % 2 ** 31
console.log(`full disk: seed ${seed}`)
const mib = 1024 * 1024

/** A real disk of which others can take the last byte: only files that have their blocks are written. */
class FillableDisk {
  code: string | undefined
  readonly vfs: Vfs = {
    ...realVfs,
    freeBytes: async (path) => (this.code === undefined ? realVfs.freeBytes(path) : 0),
    allocate: async (path, bytes) => {
      this.#refuse()
      return realVfs.allocate(path, bytes)
    },
    open: async (path, mode) => {
      if (mode === 'create') this.#refuse()
      const file = await realVfs.open(path, mode)
      const hasBlocks = /\/(reserve|index-trust)$/.test(path)
      return {
        ...file,
        write: async (pieces, at) => {
          if (!hasBlocks) this.#refuse()
          return file.write(pieces, at)
        },
      }
    },
  }

  #refuse(): void {
    const { code } = this
    if (code !== undefined) throw Object.assign(new Error(`${code}: made to fail`), { code })
  }
}

describe('the disk engine on a full disk', (test) => {
  const random = new SeededRandom(seed)
  let fixture: DiskFixture
  let disk: FillableDisk
  let nowMs = 1_000_000
  const open = () =>
    fixture.open({
      vfs: disk.vfs,
      nowMs: () => nowMs,
      segmentBytes: mib,
      reserveBytes: mib,
    })
  test.beforeEach(async () => {
    fixture = await diskFixture()
    disk = new FillableDisk()
  })
  test.afterEach(() => {
    disk.code = undefined
    return fixture.discard()
  })

  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']) {
    test(`${code} is answered full, and with room again chunks are stored`, async () => {
      const store = await open()
      const chunk = testChunk(random, 5_000)
      await store.write(chunk)
      disk.code = code
      nowMs += 10_000
      const next = testChunk(random, 5_000)
      assert.deepEqual(await store.write(next), { is: 'full' })
      assert.equal(await store.isFull(), true)
      assert.deepEqual(await store.read(next.ref, wholeOf(next)), { is: 'absent' })
      await assertAll(store, [chunk])
      disk.code = undefined
      nowMs += 10_000
      assert.deepEqual(await store.write(next), { is: 'stored' })
      await assertAll(store, [chunk, next])
    })
  }

  test('deletes and compaction are written to the reserve, and give space back', async () => {
    const store = await open()
    const chunks = Array.from({ length: 12 }, () => testChunk(random, 100_000))
    for (const chunk of chunks) await store.write(chunk)
    const kept = chunks.filter((_, at) => at % 4 === 0)
    disk.code = 'ENOSPC'
    const doomed = chunks.filter((_, at) => at % 4 !== 0)
    await store.delete(doomed.map(({ ref }) => ref))
    for (const { ref } of doomed) assert.equal(await stateOf(store, ref), 'absent')
    await store.maintain()
    await store.maintain()
    assert((await store.reclaim(2 ** 30)).freedBytes > mib / 2, 'nothing came back')
    await assertAll(store, kept)
    assert(!(await readdir(join(fixture.path, 'segments'))).includes('reserve'))
    // With room, there is a reserve again, and what the last one holds stays.
    disk.code = undefined
    await store.maintain()
    assert((await readdir(join(fixture.path, 'segments'))).includes('reserve'))
    await assertAll(store, kept)
  })

  test('a segment that is sealed without its footer is not taken for a bad one', async () => {
    const store = await open()
    const chunk = testChunk(random, 5_000)
    await store.write(chunk)
    disk.code = 'ENOSPC'
    await store.close()
    const again = await open()
    assert.deepEqual(again.recovery, { rebuilt: false, unsealed: 0, problems: [] })
    assert.equal((await again.reclaim(2 ** 30)).is, 'idle')
    await assertAll(again, [chunk])
  })

  test('a start on it believes the index that an orderly stop has left', async () => {
    const store = await open()
    const chunk = testChunk(random, 5_000)
    await store.write(chunk)
    await store.close()
    disk.code = 'ENOSPC'
    const again = await open()
    assert.equal(again.recovery?.rebuilt, false)
    await assertAll(again, [chunk])
  })
})

async function assertAll(store: DiskBlobStore, chunks: readonly TestChunk[]): Promise<void> {
  for (const chunk of chunks) {
    const read = await store.read(chunk.ref, wholeOf(chunk))
    assert(read.is === 'found' && read.frames.equals(chunk.frames))
  }
}
