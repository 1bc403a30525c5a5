// What every engine of the `BlobStore` port must do when many chunks are read at once. What it makes of
// damage is the engine's own matter.
import { strict as assert } from 'node:assert'
import type { BlobStore } from '../../datanode/blob-store.ts'
import { blockCount, frameBytesMax } from '../../protocol/chunks/chunk-ref.ts'
import { type TestChunk, testChunk, testRef, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { SeededRandom } from '../simulation/datanode-random.ts'
import { describe } from '../support/describe.ts'

type Opened = {
  readonly store: Pick<BlobStore, 'write' | 'read' | 'readMany' | 'delete'>
  /** Closes the store, if open, and removes its data. */
  discard(): Promise<void>
}

export function blobReadManyContract(engine: string, open: () => Promise<Opened>): void {
  const seed = Date.now() % 2 ** 31
  console.log(`reading many chunks of ${engine}: seed ${seed}`)
  describe(`many chunks read at once: ${engine}`, (test) => {
    const random = new SeededRandom(seed)
    let opened: Opened
    const chunks: TestChunk[] = []
    test.before(async () => {
      opened = await open()
      for (let index = 0; index < 400; index += 1) {
        const length = 1 + random.below(index % 20 === 0 ? 700_000 : 20_000)
        chunks.push(testChunk(random, length))
      }
      await Promise.all(chunks.map((chunk) => opened.store.write(chunk)))
    })
    test.after(() => opened.discard())

    test('come in the order asked, wherever they lie', async () => {
      for (let round = 0; round < 20; round += 1) {
        const asked = Array.from({ length: 1 + random.below(150) }, () => random.pick(chunks))
        const reads = await opened.store.readMany(asked.map(wholeWanted))
        assert.equal(reads.length, asked.length)
        for (const [index, read] of reads.entries()) assertFound(read, asked[index]?.frames)
      }
    })

    test('may lie in memory that is lent, as far as there is room', async () => {
      const lent = Buffer.alloc(400_000)
      for (let round = 0; round < 20; round += 1) {
        const asked = Array.from({ length: 1 + random.below(80) }, () => random.pick(chunks))
        const into = lent.subarray(0, random.below(lent.length))
        const reads = await opened.store.readMany(asked.map(wholeWanted), { into })
        assert.equal(reads.length, asked.length)
        for (const [index, read] of reads.entries()) assertFound(read, asked[index]?.frames)
      }
    })

    test('may be none, and may be one many times', async () => {
      assert.deepEqual(await opened.store.readMany([]), [])
      const chunk = random.pick(chunks)
      const reads = await opened.store.readMany(Array(30).fill(wholeWanted(chunk)))
      assert.equal(reads.length, 30)
      for (const read of reads) assertFound(read, chunk.frames)
    })

    test('are absent each for itself when they were never written, or are deleted', async () => {
      const unknown = testChunk(random, 500)
      const gone = testChunk(random, 500)
      await opened.store.write(gone)
      await opened.store.delete([gone.ref])
      const [a, b] = [random.pick(chunks), random.pick(chunks)]
      const reads = await opened.store.readMany([unknown, a, gone, b].map(wholeWanted))
      assert.deepEqual(reads[0], { is: 'absent' })
      assertFound(reads[1], a.frames)
      assert.deepEqual(reads[2], { is: 'absent' })
      assertFound(reads[3], b.frames)
      const ref = testRef(random)
      const range = { first: 0, count: 1, length: 1 }
      assert.deepEqual(await opened.store.readMany([{ ref, range }]), [{ is: 'absent' }])
    })

    test('give exactly the frames that are asked for', async () => {
      for (let round = 0; round < 20; round += 1) {
        const asked = Array.from({ length: 40 }, () => {
          const chunk = random.pick(chunks)
          const frames = blockCount(chunk.length)
          const first = random.below(frames)
          const count = 1 + random.below(frames - first)
          const expected = chunk.frames.subarray(
            first * frameBytesMax,
            (first + count) * frameBytesMax,
          )
          return { ref: chunk.ref, range: { first, count, length: chunk.length }, expected }
        })
        const reads = await opened.store.readMany(asked)
        for (const [index, read] of reads.entries()) assertFound(read, asked[index]?.expected)
      }
    })
  })
}

export function wholeWanted(chunk: TestChunk) {
  return { ref: chunk.ref, range: wholeOf(chunk) }
}

function assertFound(
  read: Awaited<ReturnType<BlobStore['read']>> | undefined,
  frames: Buffer | undefined,
): void {
  assert(read?.is === 'found' && frames !== undefined && read.frames.equals(frames))
}
