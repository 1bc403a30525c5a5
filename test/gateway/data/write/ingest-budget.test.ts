import assert from 'node:assert'
import { IngestBudget, type LentBuffer } from '../../../../gateway/data/write/ingest-budget.ts'
import { chunkBytesMax } from '../../../../protocol/chunks/chunk-ref.ts'
import { describe } from '../../../support/describe.ts'

const never = () => assert.fail('asked back without need')
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Time stands still until a test moves it; the budget's timers run on, at 1 ms. */
function openBudget(buffersMax: number, options: { quietMs?: number; keepMs?: number } = {}) {
  const clock = { nowMs: 0 }
  const nowMs = () => clock.nowMs
  const limits = { quietMs: 1, patienceMs: 1000, ...options }
  return { clock, budget: new IngestBudget({ buffersMax, nowMs, ...limits }) }
}

/** Takes a buffer as an upload does that gives it back when asked to. */
async function takeAs(budget: IngestBudget, name: string, asked: string[]): Promise<LentBuffer> {
  const lent: LentBuffer = await budget.take(() => {
    asked.push(name)
    lent.release()
  })
  lent.touch()
  return lent
}

describe('the ingest budget', (test) => {
  test('lends buffers of a chunk each, of shared memory, up to its limit', async () => {
    const { budget } = openBudget(2)
    const [one, two] = [await budget.take(never), await budget.take(never)]
    assert.equal(one.bytes.length, chunkBytesMax)
    assert.ok(one.bytes.buffer instanceof SharedArrayBuffer)
    assert.notEqual(one.bytes, two.bytes)
    const third = budget.take(never)
    assert.deepEqual(budget.usage(), { lent: 2, kept: 0, waiting: 1 })
    one.release()
    assert.equal((await third).bytes, one.bytes)
  })

  test('serves those who wait in the order they came', async () => {
    const { budget } = openBudget(1)
    const first = await budget.take(never)
    first.closing()
    const order: number[] = []
    const waiting = [1, 2, 3].map(async (number) => {
      const lent = await budget.take(never)
      order.push(number)
      lent.release()
    })
    first.release()
    await Promise.all(waiting)
    assert.deepEqual(order, [1, 2, 3])
  })

  test('asks the one back that has been quiet longest', async () => {
    const { budget, clock } = openBudget(3)
    const asked: string[] = []
    const busy = await takeAs(budget, 'busy', asked)
    clock.nowMs = 1
    await takeAs(budget, 'quiet', asked)
    clock.nowMs = 5
    await takeAs(budget, 'later', asked)
    busy.touch()
    clock.nowMs = 20
    await budget.take(never)
    assert.deepEqual(asked, ['quiet'])
  })

  test('leaves those alone that are at work, until the patience of the first in line ends', async () => {
    const { budget, clock } = openBudget(2)
    const asked: string[] = []
    const oldest = await takeAs(budget, 'oldest', asked)
    clock.nowMs = 1
    const younger = await takeAs(budget, 'younger', asked)
    clock.nowMs = 500
    for (const lent of [younger, oldest]) lent.touch()
    const served = budget.take(never)
    await wait(20)
    assert.deepEqual(asked, [])
    clock.nowMs = 1500
    for (const lent of [younger, oldest]) lent.touch()
    await served
    assert.deepEqual(asked, ['oldest'])
  })

  test('asks for no more than those who wait will need', async () => {
    const { budget, clock } = openBudget(4)
    const asked: string[] = []
    for (const name of ['a', 'b', 'c']) await takeAs(budget, name, asked)
    const storing = await takeAs(budget, 'storing', asked)
    storing.closing()
    clock.nowMs = 100
    const [one, two] = [budget.take(never), budget.take(never)]
    await one
    storing.release()
    await two
    assert.deepEqual(asked, ['a'])
  })

  test('does not ask for a buffer that was lent and not used yet', async () => {
    const { budget, clock } = openBudget(1)
    const lent = await budget.take(never)
    clock.nowMs = 10_000
    const waiting = budget.take(never)
    await wait(20)
    lent.release()
    await waiting
  })

  test('lets go of buffers that nobody asks for', async () => {
    const { budget } = openBudget(2, { keepMs: 10 })
    const lent = await budget.take(never)
    lent.release()
    assert.equal(budget.usage().kept, 1)
    await wait(50)
    assert.equal(budget.usage().kept, 0)
  })

  test('takes no buffer back twice', async () => {
    const { budget } = openBudget(1)
    const lent = await budget.take(never)
    lent.release()
    assert.throws(() => lent.release(), /came back twice/)
  })
})
