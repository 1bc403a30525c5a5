// Tasks over a real RabbitMQ to which everything happens, on the real outbox: connections cut, held and lost, messages
// lost, doubled, reordered and forged, queues deleted, the broker killed, paused, away and wiped. In the end
// everything was done, and nothing spun. For a moment as part of the tests; longer by hand, a seed by
// HOLDFAST_TEST_SEED:
//   node dist/test/simulation/rabbitmq-chaos.test.js --budget-ms 600000
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { describe } from '../support/describe.ts'
import { startRabbitmq } from '../support/rabbitmq-node.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { RabbitmqChaos } from './rabbitmq-chaos.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 5_000)
const heavy = ['RabbitMQ is killed', 'RabbitMQ is wiped', 'RabbitMQ is paused', 'RabbitMQ is away']

const node = await startRabbitmq()

describe('tasks over RabbitMQ', (test) => {
  if (node === undefined) {
    test('are demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
    return
  }
  test('are all done, whatever happens to it, and nothing spins', async () => {
    const random = seededBytes()
    const chaos = await RabbitmqChaos.open(random, node)
    try {
      const end = Date.now() + budgetMs
      // Each of the heavy ones at least once.
      for (const event of heavy) {
        await chaos.round([...chaos.someEvents(2), event, ...chaos.someEvents(2)])
        console.log(JSON.stringify(chaos.tally))
      }
      while (Date.now() < end) {
        await chaos.round(chaos.someEvents(6))
        await chaos.round([heavy[random.integer(heavy.length)] ?? 'cut', ...chaos.someEvents(3)])
        console.log(JSON.stringify(chaos.tally))
      }
    } finally {
      await chaos.close()
      await node.stop()
    }
  })
})
