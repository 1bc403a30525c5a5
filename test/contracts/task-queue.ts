// Contract of `TaskQueue`, for whatever engine: what a relay and workers may count on, which is little.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { Task } from '../../metadata/outbox-store.ts'
import type { TaskQueue } from '../../metadata/tasks/task-queue.ts'
import { parseChunkId, parseGeneration } from '../../protocol/chunks/chunk-ref.ts'
import { describe } from '../support/describe.ts'
import { tenantId } from './metadata-fixture.ts'

/** A fresh queue, that has room for about so many tasks of a kind. */
export type OpenQueue = (tasksMax: number) => Promise<TaskQueue>

function tasksOf<Kind extends 'a' | 'b'>(kind: Kind, count: number): readonly Task<Kind>[] {
  return Array.from({ length: count }, (_, i) => {
    const names = { id: `${kind}${i}`, claim: 'c' }
    return { ...names, tenantId, kind, payload: { number: i }, attempts: 1 } as Task<Kind>
  })
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (holds()) return
    await wait(10)
  }
  assert.fail(`never happened: ${what}`)
}

const unaborted = () => new AbortController().signal

export function taskQueueContract(name: string, open: OpenQueue): void {
  const withQueue = async (body: (queue: TaskQueue) => Promise<void>, tasksMax = 100) => {
    const queue = await open(tasksMax)
    try {
      await body(queue)
    } finally {
      await queue.close()
    }
  }

  describe(`${name}: task queue`, (test) => {
    test('what is published is handed to consumers of its kind, as it was', () =>
      withQueue(async (queue) => {
        const met: Task[] = []
        const stopping = new AbortController()
        const options = { prefetch: 10, signal: stopping.signal }
        const consumed = queue.consume(
          'a',
          async (tasks) => {
            met.push(...tasks)
          },
          options,
        )
        await queue.publish('b', tasksOf('b', 5), { signal: unaborted() })
        await queue.publish('a', tasksOf('a', 25), { signal: unaborted() })
        await eventually('all have come', () => new Set(met.map(({ id }) => id)).size === 25)
        assert.ok(met.every(({ kind }) => kind === 'a'))
        assert.deepEqual(
          met.find(({ id }) => id === 'a7'),
          tasksOf('a', 8)[7],
        )
        stopping.abort()
        await consumed
      }))

    test('tasks of every kind come with the payload that they had', () =>
      withQueue(async (queue) => {
        const blob = { id: parseChunkId(Buffer.alloc(32, 7)), generation: parseGeneration(2 ** 47) }
        const plain = {
          text: 'ä\0',
          list: [1, -1.5, 2 ** 53 - 1, null, true],
          bytes: Buffer.of(0, 255),
        }
        const names = { id: '00ff', tenantId, claim: '0c', attempts: 3 }
        const tasks: readonly Task[] = [
          { ...names, kind: 'release', payload: undefined },
          { ...names, kind: 'deleteBlob', payload: { blob } },
          { ...names, kind: 'plain', payload: plain },
          { ...names, kind: 'large', payload: 'x'.repeat(65_000) },
        ]
        const stopping = new AbortController()
        for (const task of tasks) {
          const met: Task[] = []
          const handler = async (some: readonly Task[]) => {
            met.push(...some)
          }
          const options = { prefetch: 1, signal: stopping.signal }
          void queue.consume(task.kind, handler, options)
          await queue.publish(task.kind, [task], { signal: unaborted() })
          await eventually(`one of ${task.kind} has come`, () => met.length > 0)
          assert.deepEqual(met[0], task)
        }
        stopping.abort()
      }))

    test('a queue that is closed takes nothing more, and closing it twice is harmless', () =>
      withQueue(async (queue) => {
        await queue.publish('a', tasksOf('a', 1), { signal: unaborted() })
        await queue.close()
        await assert.rejects(queue.publish('a', tasksOf('a', 1), { signal: unaborted() }))
      }))

    test('a consumer has no more tasks at once than it asked for, and several share', () =>
      withQueue(async (queue) => {
        const met = new Map<string, Set<number>>()
        const stopping = new AbortController()
        const consume = (consumer: number) => {
          let now = 0
          return queue.consume(
            'a',
            async (tasks) => {
              now += tasks.length
              assert.ok(now <= 4, `${now} at once`)
              await wait(5)
              for (const { id } of tasks) met.set(id, (met.get(id) ?? new Set()).add(consumer))
              now -= tasks.length
            },
            { prefetch: 4, signal: stopping.signal },
          )
        }
        const consumers = [consume(1), consume(2)]
        await queue.publish('a', tasksOf('a', 60), { signal: unaborted() })
        await eventually('all have come', () => met.size === 60)
        const served = new Set([...met.values()].flatMap((each) => [...each]))
        assert.equal(served.size, 2)
        stopping.abort()
        await Promise.all(consumers)
      }))

    test('a publisher waits while there is no room, and no longer than its signal lets it', () =>
      withQueue(async (queue) => {
        const giveUp = new AbortController()
        let published = 0
        const publishing = (async () => {
          for (;;) {
            await queue.publish('a', tasksOf('a', 10), { signal: giveUp.signal })
            published += 1
          }
        })()
        await eventually('some are taken', () => published > 0)
        await wait(100)
        assert.ok(published <= 10, `${published} times ten tasks were taken`)
        giveUp.abort()
        await assert.rejects(publishing)
      }, 20))

    test('a handler that fails ends nothing', () =>
      withQueue(async (queue) => {
        const met = new Set<string>()
        const stopping = new AbortController()
        const consumed = queue.consume(
          'a',
          async (tasks) => {
            for (const { id } of tasks) met.add(id)
            throw new Error('no luck')
          },
          { prefetch: 1, signal: stopping.signal },
        )
        await queue.publish('a', tasksOf('a', 5), { signal: unaborted() })
        await eventually('all have come', () => met.size === 5)
        stopping.abort()
        await consumed
      }))

    test('a consumer that is stopped, or a queue that is closed, ends with the call under way', () =>
      withQueue(async (queue) => {
        for (const how of ['stopped', 'closed']) {
          let runs = 0
          let ended = 0
          const stopping = new AbortController()
          const consumed = queue.consume(
            'a',
            async () => {
              runs += 1
              await wait(30)
              ended += 1
            },
            { prefetch: 1, signal: stopping.signal },
          )
          await queue.publish('a', tasksOf('a', 3), { signal: unaborted() })
          await eventually('one runs', () => runs > 0)
          if (how === 'stopped') stopping.abort()
          else await queue.close()
          await consumed
          assert.equal(ended, runs)
          const before = runs
          await wait(50)
          assert.equal(runs, before, how)
        }
      }))
  })
}
