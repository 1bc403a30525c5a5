// The stress of the whole store, for a moment as part of the tests, or longer by hand:
//   [HOLDFAST_TEST_SEED=7] node dist/test/simulation/store-stress.test.js --budget-ms 60000
import { parseArgs } from 'node:util'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { stressStore } from './store-stress.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 4000)

describe('many writers of few contents', (test) => {
  test('what was acknowledged reads back, counts are exact, and nothing is left in the end', async () => {
    console.log(JSON.stringify(await stressStore({ random: seededBytes(), budgetMs })))
  })
})
