// What every engine of the `BlobStore` port must do. An engine joins with one short file that calls
// `blobStoreContract`. Crashes and damage are each engine's own matter.
import { strict as assert } from 'node:assert'
import type { BlobStore } from '../../datanode/blob-store.ts'
import { type BlobRef, chunkBytesMax, frameBytesMax } from '../../protocol/chunks/chunk-ref.ts'
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
        const read = await store.read(chunk.ref, wholeOf(chunk), lent)
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
      const before = (await store.usage()).chunks
      await Promise.all([store.write(chunk), store.write(chunk), store.write(chunk)])
      assert.deepEqual(await store.write(chunk), { is: 'stored' })
      const read = await store.read(chunk.ref, wholeOf(chunk))
      assert(read.is === 'found' && read.frames.equals(chunk.frames))
      assert.equal((await store.usage()).chunks, before + 1)
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
      assert.equal(await store.has(chunk.ref), 'absent')
      await store.write(chunk)
      assert.equal(await store.has(chunk.ref), 'good')
      await store.delete([chunk.ref])
      assert.equal(await store.has(chunk.ref), 'absent')
    })

    test('many writers at once each get their own chunk back', async () => {
      const chunks = Array.from({ length: 300 }, () => testChunk(random, 1 + random.below(20_000)))
      await Promise.all(chunks.map((chunk) => store.write(chunk)))
      for (const chunk of chunks) {
        const read = await store.read(chunk.ref, wholeOf(chunk))
        assert(read.is === 'found' && read.frames.equals(chunk.frames))
      }
    })

    test('usage counts live chunks and falls with deletes', async () => {
      const before = await store.usage()
      const chunk = testChunk(random, 70_000)
      await store.write(chunk)
      const with1 = await store.usage()
      assert.equal(with1.chunks, before.chunks + 1)
      assert(with1.liveBytes >= before.liveBytes + chunk.frames.length)
      assert(with1.diskBytes > 0)
      await store.delete([chunk.ref])
      const after = await store.usage()
      assert.equal(after.chunks, before.chunks)
      assert.equal(after.liveBytes, before.liveBytes)
    })

    test('a list pages through every chunk once', async () => {
      const chunk = testChunk(random, 10)
      await store.write(chunk)
      const { chunks } = await store.usage()
      const seen = await listAll(store, { limit: 7, minAgeMs: -5000 })
      assert.equal(seen.length, chunks)
      assert.equal(new Set(seen).size, chunks)
      assert(seen.includes(nameOf(chunk.ref)))
    })

    test('a list leaves out what is younger than asked, until the store is opened anew', async () => {
      const chunk = testChunk(random, 10)
      await store.write(chunk)
      const hour = { limit: 1000, minAgeMs: 3_600_000 }
      assert(!(await listAll(store, hour)).includes(nameOf(chunk.ref)))
      store = await opened.reopen()
      assert((await listAll(store, hour)).includes(nameOf(chunk.ref)))
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

    test('a scrub of sound chunks finds nothing and comes round', async () => {
      let rounds = 0
      for (let wrapped = false; !wrapped && rounds < 10_000; rounds += 1) {
        const scrubbed = await store.scrub(1_000_000)
        assert.deepEqual(scrubbed.corrupt, [])
        wrapped = scrubbed.wrapped
      }
      assert(rounds > 1 && rounds < 10_000)
    })

    test('reclaim gives space of deleted chunks back and keeps the others', async () => {
      const chunks = Array.from({ length: 40 }, () => testChunk(random, 100_000))
      await Promise.all(chunks.map((chunk) => store.write(chunk)))
      const doomed = chunks.filter((_, i) => i % 4 !== 0)
      await store.delete(doomed.map(({ ref }) => ref))
      store = await opened.reopen()
      const before = await store.usage()
      for (let i = 0; i < 1000 && (await store.reclaim(1_000_000)).is === 'worked'; i += 1);
      const after = await store.usage()
      assert(before.diskBytes - after.diskBytes > 20 * 100_000, 'little came back')
      assert.equal(after.chunks, before.chunks)
      for (const chunk of chunks) {
        const read = await store.read(chunk.ref, wholeOf(chunk))
        if (doomed.includes(chunk)) assert.equal(read.is, 'absent')
        else assert(read.is === 'found' && read.frames.equals(chunk.frames))
      }
    })
  })
}

async function listAll(
  store: BlobStore,
  page: { limit: number; minAgeMs: number },
): Promise<string[]> {
  const names: string[] = []
  let after: string | undefined
  do {
    const found = await store.list(after === undefined ? page : { ...page, after })
    names.push(...found.blobs.map(nameOf))
    after = found.next
  } while (after !== undefined)
  return names
}

function nameOf(ref: BlobRef): string {
  return `${ref.id.toString('hex')}.${ref.generation}`
}
