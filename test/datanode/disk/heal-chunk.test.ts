// The disk engine when a chunk it has found bad is written again: the new copy counts, for good.
import { strict as assert } from 'node:assert'
import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { type DiskFixture, diskFixture } from '../disk-store-fixture.ts'
import { stateOf, type TestChunk, testChunk, wholeOf } from '../sealed-chunk-fixture.ts'

const seed = Date.now() % 2 ** 31
console.log(`healing of chunks: seed ${seed}`)

describe('a bad chunk that is written again', (test) => {
  const random = new SeededRandom(seed)
  let fixture: DiskFixture
  test.beforeEach(async () => {
    fixture = await diskFixture()
  })
  test.afterEach(() => fixture.discard())

  test('reads back, is counted once, and its bad bytes are reclaimed', async () => {
    const { store, chunk, before } = await withBadChunk(fixture, random)
    assert.equal(await stateOf(store, chunk.ref), 'bad')
    assert.deepEqual(await store.write(chunk), { is: 'stored' })
    assert.equal(await stateOf(store, chunk.ref), 'good')
    await assertReads(store, chunk)
    const { chunks, liveBytes } = await store.usage()
    assert.deepEqual({ chunks, liveBytes }, before)
    await store.close()
    const again = await fixture.open()
    while ((await again.reclaim(2 ** 30)).is === 'worked');
    await assertReads(again, chunk)
    assert.deepEqual((await again.scrub(2 ** 30)).corrupt, [])
  })

  test('reads back from a rebuilt index too, whichever of its records is met first', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { store, chunk } = await withBadChunk(fixture, random)
      await store.close()
      const second = await fixture.open()
      await second.write(chunk)
      await second.close()
      await rm(join(fixture.path, 'index'), { recursive: true })
      const third = await fixture.open()
      assert.equal(third.recovery?.rebuilt, true)
      await assertReads(third, chunk)
      await third.close()
    }
  })

  test('is known to be bad by every process and after a restart', async () => {
    const { store, chunk } = await withBadChunk(fixture, random)
    const worker = await fixture.open({ role: 'worker' })
    assert.equal(await stateOf(worker, chunk.ref), 'bad')
    await worker.close()
    await store.close()
    assert.equal(await stateOf(await fixture.open(), chunk.ref), 'bad')
  })

  test('also when its segment is gone', async () => {
    const store = await fixture.open({ openFilesMax: 1 })
    const chunk = testChunk(random, 9_000)
    await store.write(chunk)
    await rm(join(fixture.path, 'segments'), { recursive: true })
    await assert.rejects(store.read(chunk.ref, wholeOf(chunk)), /is missing/)
    assert.equal(await stateOf(store, chunk.ref), 'bad')
  })
})

async function withBadChunk(fixture: DiskFixture, random: SeededRandom) {
  const store = await fixture.open()
  const chunk = testChunk(random, 30_000)
  await store.write(testChunk(random, 9_000))
  await store.write(chunk)
  const { chunks, liveBytes } = await store.usage()
  for (const name of await readdir(join(fixture.path, 'segments'))) {
    const path = join(fixture.path, 'segments', name)
    const at = (await readFile(path)).indexOf(chunk.frames.subarray(0, 64))
    if (at < 0) continue
    const file = await open(path, 'r+')
    await file.write(Buffer.of((chunk.frames[20] ?? 0) ^ 1), 0, 1, at + 20)
    await file.close()
  }
  assert.deepEqual(await store.read(chunk.ref, wholeOf(chunk)), { is: 'corrupt' })
  return { store, chunk, before: { chunks, liveBytes } }
}

async function assertReads(store: Awaited<ReturnType<DiskFixture['open']>>, chunk: TestChunk) {
  const read = await store.read(chunk.ref, wholeOf(chunk))
  assert(read.is === 'found' && read.frames.equals(chunk.frames))
}
