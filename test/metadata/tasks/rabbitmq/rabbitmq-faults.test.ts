// What a network and a broker do: connections cut, answers held, the broker killed, paused, wiped, its queues deleted.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { TaskQueue } from '../../../../metadata/tasks/task-queue.ts'
import { describe } from '../../../support/describe.ts'
import { type RabbitmqNode, startRabbitmq } from '../../../support/rabbitmq-node.ts'
import { freshPrefix, notes, onChannel, openQuickQueue } from '../../../support/rabbitmq-queue.ts'
import { TcpProxy } from '../../../support/tcp-proxy.ts'

const noSignal = new AbortController().signal

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 2_400; tries += 1) {
    if (await holds()) return
    await wait(25)
  }
  assert.fail(`never happened: ${what}`)
}

/** As a relay does. */
async function publishUntilTaken(queue: TaskQueue, count: number, first = 0): Promise<number> {
  for (let refusals = 0; ; refusals += 1) {
    try {
      await queue.publish('note', notes(count, first), { signal: noSignal })
      return refusals
    } catch {
      await wait(100)
    }
  }
}

function consume(queue: TaskQueue, prefetch = 20) {
  const met = new Set<string>()
  const stopping = new AbortController()
  const consumed = queue.consume(
    'note',
    async (tasks) => {
      for (const { id } of tasks) met.add(id)
    },
    { prefetch, signal: stopping.signal },
  )
  const stop = async () => {
    stopping.abort()
    await consumed
  }
  return { met, stop }
}

type Faulty = {
  readonly queue: TaskQueue
  readonly failures: readonly string[]
  readonly proxy: TcpProxy
  readonly prefix: string
}

function withProxy(
  node: RabbitmqNode,
  body: (faulty: Faulty) => Promise<void>,
  prefix = freshPrefix(),
) {
  return async () => {
    const proxy = await TcpProxy.listen(node.port)
    const url = `amqp://guest:guest@127.0.0.1:${proxy.port}`
    const { queue, failures } = openQuickQueue({ url, prefix })
    try {
      await body({ queue, failures, proxy, prefix })
    } finally {
      await queue.close()
      await proxy.close()
    }
  }
}

function faults(node: RabbitmqNode): void {
  // RabbitMQ 3.10 forgets queues that it made less than some seconds before it is killed.
  const olderPrefix = freshPrefix()

  describe('RabbitMQ behind a bad network', (test) => {
    test.before(
      withProxy(
        node,
        async ({ queue }) => {
          await publishUntilTaken(queue, 1)
        },
        olderPrefix,
      ),
    )

    test(
      'connections are cut again and again: all comes through, and consumers come back',
      withProxy(node, async ({ queue, proxy }) => {
        const { met, stop } = consume(queue)
        for (let round = 0; round < 10; round += 1) {
          const publishing = publishUntilTaken(queue, 40, round * 40)
          await wait(round * 3)
          proxy.cut()
          await publishing
        }
        await eventually('all have come', () => met.size === 400)
        await stop()
      }),
    )

    test(
      'connections are cut in the middle of what either side says',
      withProxy(node, async ({ queue, proxy }) => {
        const { met, stop } = consume(queue)
        for (let round = 0; round < 12; round += 1) {
          proxy.cutAfter(round % 2 === 0 ? 'answers' : 'requests', 37 + round * 211)
          await publishUntilTaken(queue, 20, round * 20)
        }
        proxy.flow()
        await eventually('all have come', () => met.size === 240)
        await stop()
      }),
    )

    test(
      'out of reach, publishing fails within bounds, in a sentence without secrets, told once',
      withProxy(node, async ({ queue, failures, proxy }) => {
        proxy.refuse()
        const consumer = consume(queue)
        await assert.rejects(
          queue.publish('note', notes(1), { signal: noSignal }),
          ({ message }: Error) => {
            assert.match(message, /^RabbitMQ at 127\.0\.0\.1:\d+ cannot be reached: .+\.$/)
            assert.doesNotMatch(message, /guest/)
            return true
          },
        )
        const before = failures.length
        assert.ok(new Set(failures).size === before, `told again: ${failures.join('\n')}`)
        const giveUp = new AbortController()
        const abandoned = queue.publish('note', notes(1), { signal: giveUp.signal })
        giveUp.abort()
        await assert.rejects(abandoned)
        proxy.flow()
        await publishUntilTaken(queue, 3)
        await eventually('all have come', () => consumer.met.size === 3)
        await consumer.stop()
      }),
    )

    test(
      'answers that are held, or lost, make publishing fail, and nothing is waited for for ever',
      withProxy(node, async ({ queue, proxy }) => {
        await publishUntilTaken(queue, 1)
        for (const how of ['hold', 'drop'] as const) {
          proxy[how]('answers')
          await assert.rejects(queue.publish('note', notes(5, 1), { signal: noSignal }), /RabbitMQ/)
          proxy.flow()
          // What was lost in the middle of a connection leaves it good for nothing.
          if (how === 'drop') proxy.cut()
          await publishUntilTaken(queue, 5, 1)
        }
        const { met, stop } = consume(queue)
        await eventually('all have come', () => met.size === 6)
        await stop()
      }),
    )

    test(
      'its queues and exchanges deleted under those who use them, all is made anew',
      withProxy(node, async ({ queue, prefix }) => {
        const { met, stop } = consume(queue)
        await publishUntilTaken(queue, 10)
        await eventually('all have come', () => met.size === 10)
        for (let round = 1; round <= 4; round += 1) {
          await onChannel(node.url, async (channel) => {
            await channel.deleteQueue(`${prefix}.tasks.note`)
            if (round % 2 === 0) await channel.deleteExchange(`${prefix}.work`)
            await channel.deleteQueue(`${prefix}.dead`)
            await channel.deleteExchange(`${prefix}.dead`)
          })
          // What lay in the queue is gone: as the outbox does, until it has come.
          await eventually(`round ${round}`, async () => {
            await publishUntilTaken(queue, 10, round * 10)
            await wait(50)
            return met.size === (round + 1) * 10
          })
        }
        await stop()
      }),
    )

    test(
      'a handler that is at work while the connection is lost ends before another call begins',
      withProxy(node, async ({ queue, proxy }) => {
        let now = 0
        let most = 0
        let calls = 0
        const stopping = new AbortController()
        const consumed = queue.consume(
          'note',
          async (tasks) => {
            now += tasks.length
            most = Math.max(most, now)
            calls += 1
            await wait(300)
            now -= tasks.length
          },
          { prefetch: 5, signal: stopping.signal },
        )
        await publishUntilTaken(queue, 20)
        await eventually('one runs', () => now > 0)
        proxy.cut()
        await eventually('it goes on', () => calls > 3)
        stopping.abort()
        await consumed
        assert.equal(now, 0)
        assert.ok(most <= 5, `${most} tasks at once`)
      }),
    )
  })

  describe('RabbitMQ itself', (test) => {
    test(
      'is killed and started again: what it has confirmed is there, and consumers go on',
      withProxy(
        node,
        async ({ queue, failures }) => {
          await publishUntilTaken(queue, 200)
          const { met, stop } = consume(queue, 1)
          await eventually('some have come', () => met.size > 5)
          await node.restart()
          await eventually('all have come', () => met.size === 200)
          await publishUntilTaken(queue, 10, 200)
          await eventually('the new ones too', () => met.size === 210)
          await stop()
          assert.ok(failures.length < 20, `told too often: ${failures.join('\n')}`)
        },
        olderPrefix,
      ),
    )

    test(
      'is killed moments after a queue was made, and knows it by name alone: it is made anew',
      withProxy(node, async ({ queue }) => {
        await publishUntilTaken(queue, 5)
        await node.restart()
        const { met, stop } = consume(queue)
        await publishUntilTaken(queue, 5, 5)
        await eventually('what was published since', () => met.has('n5') && met.has('n9'))
        await stop()
      }),
    )

    test(
      'is paused: publishing fails within bounds, and goes on afterwards',
      withProxy(node, async ({ queue }) => {
        const { met, stop } = consume(queue)
        await publishUntilTaken(queue, 5)
        await node.pause()
        try {
          await assert.rejects(queue.publish('note', notes(5, 5), { signal: noSignal }))
          // Long enough for heartbeats to be missed.
          await wait(3_500)
          await assert.rejects(queue.publish('note', notes(5, 5), { signal: noSignal }))
        } finally {
          node.resume()
        }
        await publishUntilTaken(queue, 5, 5)
        await eventually('all have come', () => met.size === 10)
        await stop()
      }),
    )

    test(
      'is stopped for good while it is paused: closing does not wait for it',
      withProxy(node, async ({ queue }) => {
        const { met } = consume(queue)
        await publishUntilTaken(queue, 5)
        await eventually('all have come', () => met.size === 5)
        await node.pause()
        try {
          await queue.close()
        } finally {
          node.resume()
        }
      }),
    )

    test(
      'is wiped: everything is declared anew, and work goes on',
      withProxy(node, async ({ queue }) => {
        const { met, stop } = consume(queue)
        await publishUntilTaken(queue, 5)
        await eventually('all have come', () => met.size === 5)
        await node.wipe()
        await publishUntilTaken(queue, 5, 5)
        await eventually('the new ones too', () => met.size === 10)
        await stop()
      }),
    )

    test(
      'is short of disk: publishers wait, consumers go on, and all is taken when there is room',
      withProxy(node, async ({ queue }) => {
        await publishUntilTaken(queue, 50)
        await node.control('set_disk_free_limit', '900000GB')
        let isTaken = false
        const publishing = queue.publish('note', notes(50, 50), { signal: noSignal }).then(() => {
          isTaken = true
        })
        const { met, stop } = consume(queue)
        await eventually('what was there has come', () => met.size === 50)
        // Longer than it is patient with one that says nothing.
        await wait(4_000)
        assert.ok(!isTaken)
        await node.control('set_disk_free_limit', '50MB')
        await publishing
        await eventually('all have come', () => met.size === 100)
        await stop()
      }),
    )
  })
}

const node = await startRabbitmq()
if (node !== undefined) faults(node)
else {
  describe('RabbitMQ', (test) => {
    test('is demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
  })
}
