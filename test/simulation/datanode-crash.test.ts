// The crash simulation of the disk engine, for a moment as part of the tests, or longer by hand:
//   node dist/test/simulation/datanode-crash.test.js --budget-ms 60000 [--seed 7]
import { parseArgs } from 'node:util'
import { describe } from '../support/describe.ts'
import { type CrashTally, simulateCrashes } from './datanode-crash.ts'

const { values } = parseArgs({
  options: { 'budget-ms': { type: 'string' }, seed: { type: 'string' } },
  strict: false,
})
const budgetMs = Number(values['budget-ms'] ?? 4000)
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000_000)

describe('the disk engine on a disk that crashes', (test) => {
  test('every acknowledged chunk survives, and no deleted one is served wrongly', async () => {
    console.log(`datanode crash simulation: first seed ${firstSeed}, ${budgetMs} ms`)
    const end = Date.now() + budgetMs
    const total: Partial<Record<keyof CrashTally | 'histories', number>> = {}
    for (let seed = firstSeed; Date.now() < end || seed === firstSeed; seed += 1) {
      const tally = { ...(await simulateCrashes(seed)), histories: 1 }
      for (const name of Object.keys(tally) as (keyof typeof tally)[]) {
        total[name] = (total[name] ?? 0) + tally[name]
      }
    }
    console.log(JSON.stringify(total))
  })
})
