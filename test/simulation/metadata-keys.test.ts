// Keys of all lengths in all tables that know keys, for a moment as part of the tests, or longer by hand:
//   [HOLDFAST_TEST_SEED=7] node dist/test/simulation/metadata-keys.test.js --budget-ms 60000
import { parseArgs } from 'node:util'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { simulateKeys } from './metadata-keys.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 4000)

describe('keys of all lengths, full of NULs, slashes and equal beginnings', (test) => {
  test('are written, listed and deleted as a naive model says, and every page stays sound', async () => {
    console.log(JSON.stringify(await simulateKeys({ random: seededBytes(), budgetMs })))
  })
})
