// Reads into memory that the reader lends: where it is large enough, no other is taken.
import assert from 'node:assert'
import { wholeWanted } from '../../contracts/blob-read-many.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { diskFixture } from '../disk-store-fixture.ts'
import { testChunk, wholeOf } from '../sealed-chunk-fixture.ts'

describe('frames read into memory that is lent', (test) => {
  test('lie in it when there is room, and elsewhere when there is not', async () => {
    const random = new SeededRandom(1)
    const fixture = await diskFixture()
    const store = await fixture.open()
    try {
      const chunk = testChunk(random, 200_000)
      await store.write(chunk)
      for (const { room, isUsed } of [
        { room: chunk.frames.length + 4096, isUsed: true },
        { room: chunk.frames.length - 1, isUsed: false },
      ]) {
        const lent = Buffer.alloc(room)
        const read = await store.read(chunk.ref, wholeOf(chunk), { into: lent })
        assert(read.is === 'found' && read.frames.equals(chunk.frames))
        assert.equal(read.frames.buffer === lent.buffer, isUsed)
      }
    } finally {
      await fixture.discard()
    }
  })

  test('lie in it beside each other, when they are of many chunks', async () => {
    const random = new SeededRandom(2)
    const fixture = await diskFixture()
    const store = await fixture.open()
    try {
      const chunks = Array.from({ length: 30 }, () => testChunk(random, 10_000))
      for (const chunk of chunks) await store.write(chunk)
      // Far apart, so that there are several reads; and close together, so that there is one.
      for (const wanted of [[0, 10, 20, 29], chunks.keys()].map((some) => [...some])) {
        const lent = Buffer.alloc(2 * wanted.length * 10_100)
        const asked = wanted.flatMap((index) => chunks[index] ?? [])
        const reads = await store.readMany(asked.map(wholeWanted), { into: lent })
        for (const [index, read] of reads.entries()) {
          assert(read.is === 'found' && read.frames.equals(asked[index]?.frames ?? lent))
          assert(read.frames.buffer === lent.buffer)
        }
      }
    } finally {
      await fixture.discard()
    }
  })
})
