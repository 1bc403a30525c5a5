// What every engine of the `BlobStore` port must do. An engine joins with one short file that calls
// `blobStoreContract`. Crashes and damage are each engine's own matter.
import { strict as assert } from 'node:assert'
import { type BlobStore, refsAtOnceMax } from '../../datanode/blob-store.ts'
import { chunkBytesMax, frameBytesMax } from '../../protocol/chunks/chunk-ref.ts'
import { chunkOf, testChunk, testRef, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { SeededRandom } from '../simulation/datanode-random.ts'
import { describe } from '../support/describe.ts'

export type OpenedStore = {
  readonly store: BlobStore
  /** Closes the store and opens the same data again. */
  reopen(): Promise<BlobStore>
  /** Closes the store, if open, and removes its data. */
  discard(): Promise<void>
}

export function blobStoreContract(engine: string, open: () => Promise<OpenedStore>): void {
  const seed = Date.now() % 2 ** 31
  console.log(`blob store contract of ${engine}: seed ${seed}`)
  describe(`a blob store: ${engine}`, (test) => {
    const random = new SeededRandom(seed)
    let opened: OpenedStore
    let store: BlobStore
    test.before(async () => {
      opened = await open()
      store = opened.store
    })
    test.after(() => opened.discard())

    test('a chunk reads back as it was written, whatever its length', async () => {
      for (const length of [1, 100, 4096, 65535, 65536, 65537, 1_000_000, chunkBytesMax]) {
        const chunk = testChunk(random, length)
        assert.deepEqual(await store.write(chunk), { is: 'stored' })
        const read = await store.read(chunk.ref, wholeOf(chunk))
        assert(read.is === 'found' && read.frames.equals(chunk.frames), `length ${length}`)
      }
    })

    test('frames that were changed are not stored', async () => {
      const chunk = testChunk(random, 100_000)
      const frames = Buffer.from(chunk.frames)
      frames[70_000] = (frames[70_000] ?? 0) ^ 1
      await assert.rejects(store.write({ ...chunk, pieces: [frames] }), /sealed wrongly/)
      assert.deepEqual(await store.hasMany([chunk.ref]), ['absent'])
      assert.deepEqual(await store.write(chunk), { is: 'stored' })
    })

    test('frames may come in pieces that are cut anywhere', async () => {
      const chunk = testChunk(random, 200_000)
      const pieces: Buffer[] = []
      for (let at = 0; at < chunk.frames.length; ) {
        const take = 1 + random.below(9_000)
        pieces.push(chunk.frames.subarray(at, at + take))
        at += take
      }
      await store.write({ ref: chunk.ref, length: chunk.length, pieces })
      const read = await store.read(chunk.ref, wholeOf(chunk))
      assert(read.is === 'found' && read.frames.equals(chunk.frames))
    })

    test('a range of frames holds exactly these frames', async () => {
      const chunk = testChunk(random, 5 * 65536 + 7)
      await store.write(chunk)
      for (const [first, count] of [
        [0, 1],
        [1, 1],
        [2, 3],
        [5, 1],
        [4, 2],
        [0, 6],
      ] as const) {
        const read = await store.read(chunk.ref, { first, count, length: chunk.length })
        const expected = chunk.frames.subarray(
          first * frameBytesMax,
          (first + count) * frameBytesMax,
        )
        assert(read.is === 'found' && read.frames.equals(expected), `${count} from ${first}`)
      }
    })

    test('frames are right in whatever memory is lent for them', async () => {
      const chunk = testChunk(random, 200_000)
      await store.write(chunk)
      for (const bytes of [chunk.frames.length + 4096, 2_000_000, chunk.frames.length - 1, 0]) {
        const lent = Buffer.alloc(bytes)
        const read = await store.read(chunk.ref, wholeOf(chunk), { into: lent })
        assert(read.is === 'found' && read.frames.equals(chunk.frames), `${bytes} bytes`)
      }
    })

    test('a chunk that was never written is absent', async () => {
      assert.deepEqual(await store.read(testRef(random), { first: 0, count: 1, length: 1 }), {
        is: 'absent',
      })
    })

    test('writing an equal ref again is harmless, also at the same time', async () => {
      const chunk = testChunk(random, 10_000)
      await Promise.all([store.write(chunk), store.write(chunk), store.write(chunk)])
      assert.deepEqual(await store.write(chunk), { is: 'stored' })
      const read = await store.read(chunk.ref, wholeOf(chunk))
      assert(read.is === 'found' && read.frames.equals(chunk.frames))
    })

    test('a delete takes exactly its generation', async () => {
      const old = testChunk(random, 5_000)
      const young = chunkOf(
        { id: old.ref.id, generation: testRef(random).generation },
        { random, length: 6_000 },
      )
      await store.write(old)
      await store.write(young)
      await store.delete([old.ref])
      assert.deepEqual(await store.read(old.ref, wholeOf(old)), { is: 'absent' })
      const read = await store.read(young.ref, wholeOf(young))
      assert(read.is === 'found' && read.frames.equals(young.frames))
    })

    test('deleting what is unknown, or deleted already, is done', async () => {
      const chunk = testChunk(random, 50)
      await store.write(chunk)
      await store.delete([chunk.ref, testRef(random)])
      await store.delete([chunk.ref])
      assert.deepEqual(await store.read(chunk.ref, wholeOf(chunk)), { is: 'absent' })
    })

    test('a chunk is absent until it was written, then good, and absent when deleted', async () => {
      const chunk = testChunk(random, 300)
      assert.deepEqual(await store.hasMany([chunk.ref]), ['absent'])
      await store.write(chunk)
      assert.deepEqual(await store.hasMany([chunk.ref]), ['good'])
      assert.deepEqual(await store.delete([chunk.ref]), { is: 'deleted' })
      assert.deepEqual(await store.hasMany([chunk.ref]), ['absent'])
    })

    test('many are looked for at once, and answered in the order asked', async () => {
      assert.deepEqual(await store.hasMany([]), [])
      const chunks = Array.from({ length: 20 }, () => testChunk(random, 100))
      await Promise.all(chunks.map((chunk) => store.write(chunk)))
      const asked = Array.from({ length: refsAtOnceMax }, () =>
        random.oneIn(2) ? random.pick(chunks).ref : testRef(random),
      )
      const known = new Set(chunks.map(({ ref }) => ref))
      assert.deepEqual(
        await store.hasMany(asked),
        asked.map((ref) => (known.has(ref) ? 'good' : 'absent')),
      )
    })

    test('nothing is done for a caller that has given up before', async () => {
      const chunk = testChunk(random, 100)
      const reason = new Error('nobody waits')
      const call = { signal: AbortSignal.abort(reason) }
      const isReason = (cause: unknown) => cause === reason
      await assert.rejects(store.write(chunk, call), isReason)
      assert.deepEqual(await store.hasMany([chunk.ref]), ['absent'])
      await store.write(chunk)
      await assert.rejects(store.delete([chunk.ref], call), isReason)
      await assert.rejects(store.hasMany([chunk.ref], call), isReason)
      await assert.rejects(store.read(chunk.ref, wholeOf(chunk), call), isReason)
      const wanted = { ref: chunk.ref, range: wholeOf(chunk) }
      await assert.rejects(store.readMany([wanted], call), isReason)
      assert.deepEqual(await store.hasMany([chunk.ref]), ['good'])
    })

    test('memory is let go of when a verb ends that was given up', async () => {
      for (let round = 0; round < 20; round += 1) {
        const chunk = testChunk(random, 150_000)
        const giveUp = new AbortController()
        const pieces = [Buffer.from(chunk.frames)]
        const writing = store.write({ ...chunk, pieces }, giveUp)
        setTimeout(() => giveUp.abort(), random.below(3))
        const [written] = await Promise.allSettled([writing])
        pieces[0]?.fill(0)
        const read = await store.read(chunk.ref, wholeOf(chunk))
        if (written?.status === 'fulfilled') assert.equal(read.is, 'found')
        if (read.is === 'found') assert(read.frames.equals(chunk.frames))
        await store.write(chunk)
        const late = new AbortController()
        const into = Buffer.alloc(200_000)
        const reading = store.read(chunk.ref, wholeOf(chunk), { into, signal: late.signal })
        late.abort()
        await Promise.allSettled([reading])
        into.fill(7)
        await new Promise((resolve) => setTimeout(resolve, 2))
        assert(into.every((byte) => byte === 7))
      }
    })

    test('many writers at once each get their own chunk back', async () => {
      const chunks = Array.from({ length: 300 }, () => testChunk(random, 1 + random.below(20_000)))
      await Promise.all(chunks.map((chunk) => store.write(chunk)))
      for (const chunk of chunks) {
        const read = await store.read(chunk.ref, wholeOf(chunk))
        assert(read.is === 'found' && read.frames.equals(chunk.frames))
      }
    })

    test('after closing and opening, chunks are there and deleted ones are not', async () => {
      const kept = testChunk(random, 100_000)
      const gone = testChunk(random, 100_000)
      await Promise.all([store.write(kept), store.write(gone)])
      await store.delete([gone.ref])
      store = await opened.reopen()
      const read = await store.read(kept.ref, wholeOf(kept))
      assert(read.is === 'found' && read.frames.equals(kept.frames))
      assert.deepEqual(await store.read(gone.ref, wholeOf(gone)), { is: 'absent' })
    })
  })
}
