// Reads into memory that the reader lends: where it is large enough, no other is taken.
import assert from 'node:assert'
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
        const read = await store.read(chunk.ref, wholeOf(chunk), lent)
        assert(read.is === 'found' && read.frames.equals(chunk.frames))
        assert.equal(read.frames.buffer === lent.buffer, isUsed)
      }
    } finally {
      await fixture.discard()
    }
  })
})
