// What becomes of messages that nobody can do, or that nobody wants: pauses that grow, and the dead letters.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { Packr } from 'msgpackr'
import type { Task } from '../../../../metadata/outbox-store.ts'
import { parseBrokerAddress } from '../../../../metadata/tasks/rabbitmq/broker-address.ts'
import { QueueAdmin } from '../../../../metadata/tasks/rabbitmq/queue-admin.ts'
import { encodeTaskMessage } from '../../../../metadata/tasks/rabbitmq/task-message.ts'
import type { TaskHandler } from '../../../../metadata/tasks/task-queue.ts'
import { describe } from '../../../support/describe.ts'
import { anyRabbitmq } from '../../../support/rabbitmq-node.ts'
import {
  freshPrefix,
  notes,
  onChannel,
  openQuickQueue,
  quickLimits,
  quickTimes,
} from '../../../support/rabbitmq-queue.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'
import { TcpProxy } from '../../../support/tcp-proxy.ts'

const noSignal = new AbortController().signal

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await holds()) return
    await wait(50)
  }
  assert.fail(`never happened: ${what}`)
}

function deadLetters(url: string): void {
  type Parts = ReturnType<typeof openQuickQueue> & {
    readonly prefix: string
    readonly admin: QueueAdmin
    readonly deadCount: () => Promise<number>
    readonly consume: (handler: TaskHandler<'note'>) => () => Promise<void>
  }
  const withQueue = (body: (parts: Parts) => Promise<void>) => async () => {
    const prefix = freshPrefix()
    const opened = openQuickQueue({ url, prefix })
    const address = parseBrokerAddress(`${url}?prefix=${prefix}`)
    const admin = new QueueAdmin({ address, limits: quickLimits, times: quickTimes })
    const deadCount = async () => {
      const count = await admin.countDead()
      return count.is === 'queue' ? count.waiting : 0
    }
    const consume = (handler: TaskHandler<'note'>) => {
      const stopping = new AbortController()
      const options = { prefetch: 50, signal: stopping.signal }
      const consumed = opened.queue.consume('note', handler, options)
      return async () => {
        stopping.abort()
        await consumed
      }
    }
    try {
      await body({ ...opened, prefix, admin, deadCount, consume })
    } finally {
      await opened.queue.close()
      await admin.close()
    }
  }

  describe('a message whose handler fails', (test) => {
    test(
      'comes again after pauses, so often and no more, is a dead letter then, and stops no other',
      withQueue(async ({ queue, failures, admin, deadCount, consume }) => {
        const met = new Map<string, number>()
        const stop = consume(async (tasks) => {
          for (const { id } of tasks) met.set(id, (met.get(id) ?? 0) + 1)
          if (tasks.some(({ payload }) => payload === 7)) throw new Error('cannot be done')
        })
        await queue.publish('note', notes(20), { signal: noSignal })
        await eventually('it is dead', async () => (await deadCount()) === 1)
        assert.equal(met.get('n7'), 1 + quickLimits.pausesMs.length)
        assert.equal(met.size, 20)
        // Twice at most in its company: then it is tried alone.
        assert.ok(Math.max(...[...met].filter(([id]) => id !== 'n7').map(([, n]) => n)) <= 3)
        assert.ok(failures.includes('cannot be done'))
        const [letter] = await admin.listDead(10)
        assert.equal(letter?.kind, 'note')
        assert.deepEqual(letter?.task, { id: 'n7', tenantId: 'root' })
        assert.equal(letter?.reason, 'failed too often')
        assert.equal(letter?.died, 1)
        await eventually('who looks takes nothing away', async () => (await deadCount()) === 1)
        await stop()
      }),
    )

    test(
      'is put back by an operator, of its kind alone, and done then',
      withQueue(async ({ queue, admin, deadCount, consume }) => {
        let isWell = false
        const done = new Set<string>()
        const stop = consume(async (tasks) => {
          if (!isWell) throw new Error('not yet')
          for (const { id } of tasks) done.add(id)
        })
        await queue.publish('note', notes(3), { signal: noSignal })
        await eventually('all are dead', async () => (await deadCount()) === 3)
        assert.deepEqual(await admin.requeueDead({ kind: 'other' }), { requeued: 0, left: 3 })
        await eventually('they are where they were', async () => (await deadCount()) === 3)
        isWell = true
        assert.deepEqual(await admin.requeueDead({ kind: 'note' }), { requeued: 3, left: 0 })
        assert.deepEqual(await admin.requeueDead('all'), { requeued: 0, left: 0 })
        await eventually('all are done', () => done.size === 3)
        assert.equal(await deadCount(), 0)
        await stop()
      }),
    )
  })

  describe('a message that ends whoever has it', (test) => {
    test('is a dead letter after some of them', async () => {
      const prefix = freshPrefix()
      const proxy = await TcpProxy.listen(parseBrokerAddress(url).hosts[0]?.port ?? 5672)
      const proxied = `amqp://guest:guest@127.0.0.1:${proxy.port}`
      const { queue } = openQuickQueue({ url: proxied, prefix }, { limits: { deliveriesMax: 3 } })
      const address = parseBrokerAddress(`${url}?prefix=${prefix}`)
      const admin = new QueueAdmin({ address, times: quickTimes })
      let deaths = 0
      await queue.publish('note', notes(1), { signal: noSignal })
      const stopping = new AbortController()
      const handler = async () => {
        deaths += 1
        proxy.cut()
      }
      const consumed = queue.consume('note', handler, { prefetch: 1, signal: stopping.signal })
      await eventually('it is dead', async () => {
        const count = await admin.countDead()
        return count.is === 'queue' && count.waiting === 1
      })
      assert.equal(deaths, 4)
      const [letter] = await admin.listDead(1)
      assert.equal(letter?.reason, 'ended who had it too often')
      stopping.abort()
      await consumed
      await queue.close()
      await admin.close()
      await proxy.close()
    })
  })

  describe('messages that are no tasks', (test) => {
    const random = seededBytes()
    const packr = new Packr({ useRecords: false })
    const body = (...fields: unknown[]) => Buffer.concat([Buffer.of(1), packr.pack(fields)])
    const deep = Buffer.concat([Buffer.of(1), Buffer.alloc(60_000, 0x91)])
    const huge = Buffer.concat([Buffer.of(1), Buffer.from('dd7fffffff', 'hex')])
    const [task] = notes(1)
    const strangers: readonly (readonly [what: string, body: Buffer])[] = [
      ['nothing', Buffer.alloc(0)],
      ['of a later version', Buffer.concat([Buffer.of(2), Buffer.from('anything')])],
      ['a text', Buffer.from('{"id":"1"}')],
      ['too large', Buffer.alloc(200_000, 1)],
      ['too deep', deep],
      ['an array that says it is huge', huge],
      ['no array', Buffer.concat([Buffer.of(1), packr.pack({ id: '1' })])],
      ['of another kind', encodeTaskMessage({ ...task, kind: 'other' } as Task)],
      ['of a kind that is no word', body('1', 'a/b', 'root', 1, 'c')],
      ['without a tenant', body('1', 'note', '', 1, 'c')],
      ['with half an attempt', body('1', 'note', 'root', 0.5, 'c')],
      ['with a name without end', body('x'.repeat(10_000), 'note', 'root', 1, 'c')],
      ['a deletion without its blob', body('1', 'note')],
      ...Array.from({ length: 40 }, (_, at) => {
        const noise = random.bytes(1 + random.integer(300))
        // Half of them say that they are of this version.
        if (at % 2 === 0) noise[0] = 1
        return ['noise', noise] as const
      }),
    ]

    test(
      'are dead letters, told of and named, and those between them are done',
      withQueue(async ({ queue, prefix, failures, admin, deadCount, consume }) => {
        const met = new Set<string>()
        const stop = consume(async (tasks) => {
          for (const { id } of tasks) met.add(id)
        })
        await queue.publish('note', notes(5), { signal: noSignal })
        await onChannel(url, async (channel) => {
          for (const [, content] of strangers) channel.sendToQueue(`${prefix}.tasks.note`, content)
          // Headers that lie.
          channel.sendToQueue(`${prefix}.tasks.note`, encodeTaskMessage(notes(1, 90)[0] as Task), {
            headers: { 'holdfast-failures': 'many', 'x-death': 'never', 'x-delivery-count': -1 },
          })
          // Answered for by the one before.
          await channel.checkQueue(`${prefix}.tasks.note`)
        })
        await queue.publish('note', notes(5, 5), { signal: noSignal })
        await eventually('the sound ones are done', () => met.size === 11)
        await eventually(
          'the others are dead',
          async () => (await deadCount()) === strangers.length,
        )
        assert.ok(failures.some((line) => line.includes('its version is 2')))
        const letters = await admin.listDead(100)
        assert.equal(letters.length, strangers.length)
        await eventually(
          'they are still there',
          async () => (await deadCount()) === strangers.length,
        )
        assert.ok(letters.some(({ reason }) => reason.includes('its version is 2')))
        // What cannot be read stays for a program that can: all but the task of another kind.
        const { left } = await admin.requeueDead('all')
        assert.equal(left, strangers.length - 1)
        await eventually('they are there again', async () => (await deadCount()) === left)
        const others = await admin.countKind('other')
        assert.deepEqual(others, { is: 'queue', waiting: 1, consumers: 0 })
        assert.equal(await admin.purgeDead(), left)
        assert.equal(await deadCount(), 0)
        await stop()
      }),
    )
  })

  describe('what is there already', (test) => {
    test(
      'with other properties is told of in a sentence, and waited for until it is gone',
      withQueue(async ({ queue, prefix, failures, consume }) => {
        const name = `${prefix}.tasks.note`
        await onChannel(url, (channel) => channel.assertQueue(name, { durable: true }))
        const met = new Set<string>()
        const stop = consume(async (tasks) => {
          for (const { id } of tasks) met.add(id)
        })
        await assert.rejects(
          queue.publish('note', notes(1), { signal: noSignal }),
          /other properties than this program declares .* Delete it there/,
        )
        await eventually('the consumer has told', () =>
          failures.some((line) => line.includes('other properties')),
        )
        await onChannel(url, (channel) => channel.deleteQueue(name))
        await eventually('it works', () =>
          queue.publish('note', notes(1), { signal: noSignal }).then(
            () => true,
            () => false,
          ),
        )
        await eventually('it has come', () => met.size === 1)
        await stop()
      }),
    )
  })
}

const broker = await anyRabbitmq()
if (broker !== undefined) deadLetters(broker.url)
else {
  describe('dead letters', (test) => {
    test('are demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
  })
}
