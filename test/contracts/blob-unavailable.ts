// What engines of the `BlobStore` port must answer while places cannot be reached, and after: those whose
// network can be cut. An engine joins with one short file that calls `blobUnavailableContract`.
import { strict as assert } from 'node:assert'
import type { BlobStore } from '../../datanode/blob-store.ts'
import { testChunk, testRef, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { SeededRandom } from '../simulation/datanode-random.ts'
import { describe } from '../support/describe.ts'
import { wholeWanted } from './blob-read-many.ts'

export type Reachable = {
  readonly store: BlobStore
  /** From now on no place is reached. */
  cut(): Promise<void>
  heal(): Promise<void>
  /** Closes the store, if open, and removes its data. */
  discard(): Promise<void>
}

export function blobUnavailableContract(engine: string, open: () => Promise<Reachable>): void {
  const seed = Date.now() % 2 ** 31
  console.log(`unreachable places of ${engine}: seed ${seed}`)
  describe(`a blob store whose places cannot be reached: ${engine}`, (test) => {
    const random = new SeededRandom(seed)
    let opened: Reachable
    test.before(async () => {
      opened = await open()
    })
    test.after(() => opened.discard())

    test('says so of chunks that are there and of chunks that are not, and neither is absent', async () => {
      const { store } = opened
      const chunk = testChunk(random, 100_000)
      const unknown = { ...testChunk(random, 100), ref: testRef(random) }
      await store.write(chunk)
      await opened.cut()
      for (const one of [chunk, unknown]) {
        assert.deepEqual(await store.read(one.ref, wholeOf(one)), { is: 'unavailable' })
      }
      const both = [chunk, unknown]
      const reads = await store.readMany(both.map(wholeWanted))
      assert.deepEqual(reads, [{ is: 'unavailable' }, { is: 'unavailable' }])
      const states = await store.hasMany(both.map(({ ref }) => ref))
      assert.deepEqual(states, ['unavailable', 'unavailable'])
      await opened.heal()
      const read = await store.read(chunk.ref, wholeOf(chunk))
      assert(read.is === 'found' && read.frames.equals(chunk.frames))
      assert.deepEqual(await store.read(unknown.ref, wholeOf(unknown)), { is: 'absent' })
      assert.deepEqual(await store.hasMany(both.map(({ ref }) => ref)), ['good', 'absent'])
    })

    test('promises nothing of a write, which can be repeated and deleted', async () => {
      const { store } = opened
      const [repeated, given] = [testChunk(random, 70_000), testChunk(random, 70_000)]
      await opened.cut()
      assert.deepEqual(await store.write(repeated), { is: 'unavailable' })
      assert.deepEqual(await store.write(given), { is: 'unavailable' })
      await opened.heal()
      assert.deepEqual(await store.write(repeated), { is: 'stored' })
      assert.deepEqual(await store.delete([given.ref]), { is: 'deleted' })
      const read = await store.read(repeated.ref, wholeOf(repeated))
      assert(read.is === 'found' && read.frames.equals(repeated.frames))
      assert.deepEqual(await store.read(given.ref, wholeOf(given)), { is: 'absent' })
    })

    test('names what is left of a deletion, which can be repeated', async () => {
      const { store } = opened
      const chunks = Array.from({ length: 5 }, () => testChunk(random, 1_000))
      for (const chunk of chunks) await store.write(chunk)
      const refs = chunks.map(({ ref }) => ref)
      await opened.cut()
      assert.deepEqual(await store.delete(refs), { is: 'unavailable', left: refs })
      await opened.heal()
      assert.deepEqual(await store.delete(refs), { is: 'deleted' })
      assert.deepEqual(
        await store.hasMany(refs),
        refs.map(() => 'absent'),
      )
    })
  })
}
