// Buffers that many share: no more exist than there may be, each is one's own while one has it.
import assert from 'node:assert'
import { setImmediate as turn } from 'node:timers/promises'
import { LentBuffers } from '../../../../gateway/data/buffers/frame-memory.ts'
import { describe } from '../../../support/describe.ts'

describe('lent buffers', (test) => {
  test('are never more than there may be, and everybody gets one in turn', async () => {
    const buffers = new LentBuffers({ bytes: 16, countMax: 3, keepMs: 1_000 })
    const seen = new Set<ArrayBufferLike>()
    const busy = new Set<ArrayBufferLike>()
    const order: number[] = []
    const work = (number: number) =>
      buffers.use(async (buffer) => {
        assert.equal(buffer.length, 16)
        assert.ok(!busy.has(buffer.buffer), 'a buffer was lent twice')
        order.push(number)
        busy.add(buffer.buffer)
        seen.add(buffer.buffer)
        for (let count = 0; count < number % 5; count += 1) await turn()
        busy.delete(buffer.buffer)
        return number
      })
    const numbers = Array.from({ length: 50 }, (_, number) => number)
    assert.deepEqual(await Promise.all(numbers.map(work)), numbers)
    assert.deepEqual(order, numbers)
    assert.equal(seen.size, 3)
  })

  test('come back from work that fails', async () => {
    const buffers = new LentBuffers({ bytes: 16, countMax: 1, keepMs: 1_000 })
    const failing = buffers.use(() => Promise.reject(new Error('no')))
    const next = buffers.use(async (buffer) => buffer.length)
    await assert.rejects(failing, /no/)
    assert.equal(await next, 16)
    assert.equal(await buffers.use(async () => 'again'), 'again')
  })

  test('are not lost to a failure of the memory', async () => {
    const buffers = new LentBuffers({ bytes: 2 ** 53, countMax: 1, keepMs: 1_000 })
    for (let count = 0; count < 2; count += 1) {
      await assert.rejects(
        buffers.use(async () => {}),
        RangeError,
      )
    }
  })
})
