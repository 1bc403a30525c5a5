// Jobs of several engines on one store, which die at any step, are stopped, and whose clock jumps, while clients
// cancel jobs. Longer, a seed by HOLDFAST_TEST_SEED: npm test -- simulation/jobs --budget-ms=600000
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { JobSimulation } from './job-simulation.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 5_000)

describe('jobs of engines that die', (test) => {
  const random = seededBytes()

  test('each comes to one end, is never done by two at once, and waits for ever for nothing', async () => {
    const directory = makeTemporaryDirectory()
    const store = await LmdbMetadataStore.open({
      ...{ path: directory.path, random: randomBytes, role: 'primary' },
    })
    try {
      const simulation = new JobSimulation(store.jobs, random)
      const untilMs = performance.now() + budgetMs
      let rounds = 0
      for (; performance.now() < untilMs || rounds < 20; rounds += 1) await simulation.round()
      await simulation.comeToEnd()
      await simulation.comeToBeForgotten()
      const { tally, fates } = simulation
      console.log(`${rounds} rounds, ${fates.size} jobs, ${JSON.stringify(tally)}`)
      assert.ok(fates.size > 5 && tally.attempts > 10 && tally.deaths > 0)
    } finally {
      await store.close()
      directory.remove()
    }
  })
})
