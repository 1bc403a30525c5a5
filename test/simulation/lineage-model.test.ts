// In random histories of starts, stops at any moment, copies and restored copies, a server never opens
// metadata and chunks of two moments together, and always opens those that nobody has touched.
// Longer, a seed by HOLDFAST_TEST_SEED: npm test -- lineage-model --budget-ms=600000
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { SeededRandom } from './datanode-random.ts'
import { type Flaw, lineageHistory } from './lineage-model.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 2_000)
const flaws: readonly Flaw[] = [
  'marks do not grow',
  'the chunks note a mark first',
  'a start does not catch up',
  'a start does not pair',
  'the chunks do not follow commits',
]

describe('metadata and chunks of one store', (test) => {
  const seed = Number(seededBytes().seed)

  test('are told from every combination of copies, and never refused while nobody touches them', () => {
    const end = Date.now() + budgetMs
    for (let number = 0; Date.now() < end; number += 1) {
      const wrong = lineageHistory(new SeededRandom(seed + number))
      assert.equal(wrong, undefined, `seed ${seed + number}: ${wrong}`)
    }
  })

  for (const flaw of flaws) {
    test(`would not be, and the search sees it, if ${flaw}`, () => {
      const found = Array.from({ length: 5_000 }, (_, number) =>
        lineageHistory(new SeededRandom(seed + number), flaw),
      ).find((wrong) => wrong !== undefined)
      assert.ok(found !== undefined, 'this protocol is broken, and the search did not see it')
    })
  }
})
