// The contract of `TaskQueue` on RabbitMQ, and what only RabbitMQ does.
import assert from 'node:assert/strict'
import { parseBrokerAddress } from '../../../../metadata/tasks/rabbitmq/broker-address.ts'
import { rabbitmqTaskQueue } from '../../../../metadata/tasks/rabbitmq/rabbitmq-task-queue.ts'
import { taskQueueContract } from '../../../contracts/task-queue.ts'
import { describe } from '../../../support/describe.ts'
import { anyRabbitmq } from '../../../support/rabbitmq-node.ts'

const broker = await anyRabbitmq()
let opened = 0
if (broker !== undefined) {
  taskQueueContract('RabbitMQ', async (tasksMax) => {
    opened += 1
    return rabbitmqTaskQueue({
      address: parseBrokerAddress(`${broker.url}?prefix=c${process.pid}.${opened}`),
      name: 'test',
      limits: { tasksMax },
      onFailure: (cause) => assert.equal(String(cause), 'Error: no luck'),
    })
  })
} else {
  describe('RabbitMQ', (test) => {
    test('is demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
  })
}
