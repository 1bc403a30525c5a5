// Tasks that a queue brings late, twice or for nothing, and tasks that it does not take.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LmdbMetadataStore } from '../../../metadata/lmdb/lmdb-metadata-store.ts'
import type { Task } from '../../../metadata/outbox-store.ts'
import { embeddedTaskQueue } from '../../../metadata/tasks/embedded-task-queue.ts'
import { startOutboxRelay } from '../../../metadata/tasks/outbox-relay.ts'
import { startTasks } from '../../../metadata/tasks/start-tasks.ts'
import { taskHandler } from '../../../metadata/tasks/task-worker.ts'
import { withStore } from '../../contracts/metadata-fixture.ts'
import { describe } from '../../support/describe.ts'
import { leaveNotes } from '../../support/leave-notes.ts'

const open = async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-late-'))
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  const close = async () => {
    await store.close()
    await rm(path, { recursive: true })
  }
  return { store, close }
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return
    await wait(25)
  }
  assert.fail(`never happened: ${what}`)
}

const noSignal = new AbortController().signal
const notes = { kinds: ['note'] as const, owner: 'p', limit: 100 }

describe('a worker', (test) => {
  test('does what is claimed, once, and nothing that is done, claimed anew, or made up', () =>
    withStore(open, async (store) => {
      const { outbox } = store
      await leaveNotes(store, 3)
      const before = await outbox.claim({ ...notes, leaseMs: 1 })
      await wait(5)
      const claimed = await outbox.claim({ ...notes, leaseMs: 60_000 })
      assert.equal(claimed.length, 3)
      const forged = { ...(claimed[0] as Task<'note'>), id: 'ffffffffff' }
      const done: string[] = []
      const handle = taskHandler<'note'>(
        {
          kind: 'note',
          run: async (tasks) => {
            done.push(...tasks.map(({ payload }) => String(payload)))
            return tasks.map(() => ({ is: 'done' as const }))
          },
        },
        {
          ...{ outbox, signal: noSignal, onFailure: (cause) => assert.fail(String(cause)) },
          onBuried: () => assert.fail('buried'),
        },
      )
      await handle([...before, forged])
      assert.deepEqual(done, [])
      await handle([forged, ...claimed])
      await handle(claimed)
      assert.deepEqual(done.sort(), ['note 0', 'note 1', 'note 2'])
      assert.equal(await outbox.depthEstimate(), 0)
    }))
})

describe('a relay', (test) => {
  test('gives back what its queue does not take, and counts no attempt for that', () =>
    withStore(open, async (store) => {
      await leaveNotes(store, 5)
      let tries = 0
      let isDown = true
      const published: Task[] = []
      const relay = startOutboxRelay({
        outbox: store.outbox,
        queue: {
          publish: async (_, tasks) => {
            tries += 1
            if (isDown) throw new Error('the broker is away')
            published.push(...tasks)
          },
        },
        ...{ kind: 'note', owner: () => 'p', onFailure: () => undefined },
        // What it does not give back, nobody would get for a minute.
        times: { leaseMs: 60_000, idleMs: 5, backoffMs: { minMs: 5, maxMs: 20 } },
      })
      await eventually('it has tried', () => tries > 5)
      isDown = false
      await eventually('all are published', () => published.length === 5)
      await relay.stop()
      assert.ok(published.every(({ attempts }) => attempts === 1))
    }))
})

describe('tasks', (test) => {
  test('that one process relays are done by another, so many calls at once as it was told', () =>
    withStore(open, async (store) => {
      await leaveNotes(store, 600)
      const queue = { ...embeddedTaskQueue({ tasksMax: 50, onFailure: () => undefined }) }
      const shared = {
        ...{ outbox: store.outbox, queue, owner: () => 'p' },
        onFailure: (cause: unknown) => assert.fail(String(cause)),
        onBuried: () => assert.fail('buried'),
      }
      const relaying = startTasks(shared)
      const working = startTasks(shared)
      let now = 0
      let most = 0
      const done = new Set<unknown>()
      working.consume(
        {
          kind: 'note',
          run: async (tasks) => {
            now += 1
            most = Math.max(most, now)
            await wait(5)
            now -= 1
            for (const { payload } of tasks) done.add(payload)
            return tasks.map(() => ({ is: 'done' as const }))
          },
        },
        { callsAtOnce: 3 },
      )
      await wait(50)
      assert.equal(done.size, 0, 'who consumes does not relay')
      relaying.relay('note')
      await eventually('all are done', async () => (await store.outbox.depthEstimate()) === 0)
      await Promise.all([relaying.stop(), working.stop()])
      assert.equal(done.size, 600)
      assert.ok(most > 1 && most <= 3, `${most} calls at once`)
    }))
})
