// Tasks over a queue that loses, doubles, delays and reorders, with relays and consumers that die at any step,
// on the real outbox. In the end everything was done at least once, as if once, and nothing is left.
// For a moment as part of the tests; longer by hand, a seed by HOLDFAST_TEST_SEED:
//   node dist/test/simulation/task-chaos.test.js --budget-ms 60000
import { parseArgs } from 'node:util'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { TaskChaos } from './task-chaos.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 4000)

describe('tasks over a queue that cannot be relied on', (test) => {
  test('are each done at least once, as if once, though whoever does them dies', async () => {
    const chaos = await TaskChaos.open(seededBytes())
    try {
      const end = Date.now() + budgetMs
      do await chaos.round()
      while (Date.now() < end)
      console.log(JSON.stringify(chaos.tally))
    } finally {
      await chaos.close()
    }
  })
})
