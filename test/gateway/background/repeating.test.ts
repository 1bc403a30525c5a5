import assert from 'node:assert'
import { repeat } from '../../../gateway/background/repeating.ts'
import { describe } from '../../support/describe.ts'

describe('a repeated job', (test) => {
  test('that fails in the same way again and again is reported once, until it does well', async () => {
    const outcomes = ['full', 'full', 'full', 'well', 'full', 'other', 'other', 'full']
    const reported: string[] = []
    // Its pauses keep no process alive.
    const alive = setInterval(() => {}, 1000)
    await new Promise<void>((resolve) => {
      repeat(
        {
          name: 'a test',
          pauseMs: 1,
          run: async () => {
            const outcome = outcomes.shift()
            if (outcome === undefined) resolve()
            if (outcome !== undefined && outcome !== 'well') throw new Error(outcome)
            return 'idle'
          },
        },
        (_, cause) => reported.push(String(cause)),
      )
    })
    clearInterval(alive)
    assert.deepEqual(reported, ['Error: full', 'Error: full', 'Error: other', 'Error: full'])
  })

  test('that ends because it is stopped has not failed, and one that fails then has', async () => {
    for (const [fails, expected] of [
      [false, []],
      [true, ['Error: meanwhile']],
    ] as const) {
      const reported: string[] = []
      let begun = () => {}
      const began = new Promise<void>((resolve) => {
        begun = resolve
      })
      const job = repeat(
        {
          name: 'a test',
          pauseMs: 1,
          run: async (signal) => {
            begun()
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
            if (fails) throw new Error('meanwhile')
            signal.throwIfAborted()
            return 'idle'
          },
        },
        (_, cause) => reported.push(String(cause)),
      )
      await began
      await job.stop()
      assert.deepEqual(reported, expected)
    }
  })
})
