// The disk engine on a disk that is full at every call in turn, for a moment as part of the tests, or
// longer by hand:
//   node dist/test/simulation/full-disk.test.js --budget-ms 60000 [--seed 7]
import { parseArgs } from 'node:util'
import { describe } from '../support/describe.ts'
import { simulateFullDisk } from './full-disk.ts'

const { values } = parseArgs({
  options: { 'budget-ms': { type: 'string' }, seed: { type: 'string' } },
  strict: false,
})
const budgetMs = Number(values['budget-ms'] ?? 4000)
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000_000)

describe('the disk engine on a disk that is full at any call', (test) => {
  test('reads and deletes go on, nothing is lost, and writes go on with room', async () => {
    console.log(`full disk simulation: first seed ${firstSeed}, ${budgetMs} ms`)
    const end = Date.now() + budgetMs
    const total = { histories: 0, stored: 0, full: 0, deleted: 0 }
    for (let seed = firstSeed; Date.now() < end || seed === firstSeed; seed += 1) {
      // Every call of a history, the first one included, and none.
      let calls = Number.POSITIVE_INFINITY
      for (let at = 1; at <= calls + 1 && (Date.now() < end || at === 1); at += 1) {
        const tally = await simulateFullDisk(seed, at)
        if (tally.full < 2) calls = Math.min(calls, tally.calls)
        total.histories += 1
        for (const name of ['stored', 'full', 'deleted'] as const) total[name] += tally[name]
      }
    }
    console.log(JSON.stringify(total))
  })
})
