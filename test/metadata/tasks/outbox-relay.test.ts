// What commits have left to do is done: promptly, again after failures, and not after a stop.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LmdbEnvironment } from '../../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../../metadata/lmdb/lmdb-metadata-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { Task } from '../../../metadata/outbox-store.ts'
import { embeddedTaskQueue } from '../../../metadata/tasks/embedded-task-queue.ts'
import { deletionWork, releaseWork } from '../../../metadata/tasks/freeing-work.ts'
import { startOutboxRelay } from '../../../metadata/tasks/outbox-relay.ts'
import {
  type RunningTasks,
  startTasks,
  type TasksDeps,
} from '../../../metadata/tasks/start-tasks.ts'
import type { BlobRef } from '../../../protocol/chunks/chunk-ref.ts'
import {
  blobName,
  chunk,
  chunks,
  listId,
  makeBucket,
  put,
  remove,
  tenantId,
  withStore,
} from '../../contracts/metadata-fixture.ts'
import { describe } from '../../support/describe.ts'
import { leaveNotes } from '../../support/leave-notes.ts'

const open = async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-relay-'))
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  const close = async () => {
    await store.close()
    await rm(path, { recursive: true })
  }
  return { store, close }
}

/** Waits for something that should come soon; how soon is not what is tested. */
async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return
    await wait(25)
  }
  assert.fail(`never happened: ${what}`)
}

const isEmpty = (store: MetadataStore) => async () => (await store.outbox.depthEstimate()) === 0

/** So that what fails comes again soon. */
const times = {
  retryMs: { minMs: 20, maxMs: 200 },
  stuckMs: { minMs: 5, maxMs: 50 },
  idleMs: 20,
}

type Freeing = Partial<TasksDeps> & {
  readonly deleteBlobs: (blobs: readonly BlobRef[]) => Promise<void>
}

function startFreeing(store: MetadataStore, { deleteBlobs, ...deps }: Freeing): RunningTasks {
  const tasks = startTasks({
    outbox: store.outbox,
    queue: embeddedTaskQueue({ tasksMax: 256, onFailure: (cause) => assert.fail(String(cause)) }),
    owner: () => 'p',
    onFailure: (cause) => assert.fail(String(cause)),
    onBuried: () => assert.fail('a sound task was buried'),
    times,
    ...deps,
  })
  tasks.work(releaseWork(store.outbox))
  tasks.work(deletionWork(deleteBlobs))
  return tasks
}

describe('outbox relay', (test) => {
  test('what is deleted is released, its blobs are deleted, and the outbox is empty again', () =>
    withStore(open, async (store) => {
      const deleted: string[] = []
      const relay = startFreeing(store, {
        deleteBlobs: async (blobs) => {
          deleted.push(...blobs.map(blobName))
        },
      })
      const bucket = await makeBucket(store, 'one')
      await wait(20)
      await put(store, bucket, 'k', { data: chunks(chunk('a', 1), chunk('b', 2)) })
      await remove(store, bucket, 'k')
      await eventually('both blobs are deleted', () => deleted.length === 2)
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
      assert.deepEqual([...deleted].sort(), ['3e23e816/2', 'ca978112/1'])
    }))

  test('a deletion that fails is told of once, tried again, and holds up nothing else', () =>
    withStore(open, async (store) => {
      const failures: unknown[] = []
      let refused = 2
      const relay = startFreeing(store, {
        deleteBlobs: async () => {
          if (refused-- > 0) throw new Error('the disk is away')
        },
        onFailure: (cause) => failures.push(cause),
      })
      const bucket = await makeBucket(store, 'one')
      await put(store, bucket, 'k', { data: chunks(chunk('a', 1)) })
      await remove(store, bucket, 'k')
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
      assert.equal(failures.length, 1)
    }))

  test('hundreds of stuck deletions hide neither releases nor other deletions', () =>
    withStore(open, async (store) => {
      const bucket = await makeBucket(store, 'one')
      const stuck = Array.from({ length: 600 }, (_, i) => chunk(`stuck ${i}`, i + 1))
      const isStuck = new Set(stuck.map(blobName))
      const extension = { tenantId, listId: listId('l'), owner: 'p', offset: 0, chunks: stuck }
      await store.chunks.extendList(extension)
      await put(store, bucket, 'k', { data: { is: 'list', listId: listId('l') } })
      await remove(store, bucket, 'k')
      const deleted: string[] = []
      let refused = 0
      let isDiskWell = false
      const relay = startFreeing(store, {
        deleteBlobs: async (blobs) => {
          const names = blobs.map(blobName)
          if (!isDiskWell && names.some((name) => isStuck.has(name))) {
            refused += 1
            throw new Error('stuck')
          }
          deleted.push(...names)
        },
        onFailure: () => undefined,
      })
      await eventually('deletions are stuck', () => refused > 2)
      await put(store, bucket, 'free', { data: chunks(chunk('a', 1), chunk('b', 2)) })
      await remove(store, bucket, 'free')
      const isOnlyStuck = async () => (await store.outbox.depthEstimate()) === stuck.length
      await eventually('what is not stuck is deleted', isOnlyStuck)
      assert.equal(deleted.length, 2)
      isDiskWell = true
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
    }))

  test('after a stop nothing is done any more, and a new relay goes on where it ended', () =>
    withStore(open, async (store) => {
      let deleted = 0
      const parts = {
        deleteBlobs: async (blobs: readonly unknown[]) => {
          deleted += blobs.length
        },
      }
      await startFreeing(store, parts).stop()
      const bucket = await makeBucket(store, 'one')
      const many = Array.from({ length: 20_000 }, (_, i) => chunk(`c${i}`, i + 1))
      for (let at = 0; at < many.length; at += 5000) {
        const offset = at * 4_194_304
        const claims = many.slice(at, at + 5000)
        const extension = { tenantId, listId: listId('l'), owner: 'p', offset, chunks: claims }
        await store.chunks.extendList(extension)
      }
      await put(store, bucket, 'k', { data: { is: 'list', listId: listId('l') } })
      await remove(store, bucket, 'k')
      assert.equal(deleted, 0)
      const interrupted = startFreeing(store, parts)
      await eventually('the release has begun', () => deleted > 0)
      await interrupted.stop()
      const after = deleted
      await wait(50)
      assert.equal(deleted, after)
      const relay = startFreeing(store, parts)
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
      assert.ok(deleted >= many.length)
      assert.deepEqual(await store.chunks.find(tenantId, [chunk('c19999', 0).id]), [undefined])
    }))

  test('releases that contradict other rows are buried, and do not hold up the others', async () => {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-relay-'))
    const openStore = () => LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    const before = await openStore()
    const bucket = await makeBucket(before, 'one')
    // More than are handed out at once.
    for (let i = 0; i < 300; i += 1) {
      await put(before, bucket, `k${i}`, { data: chunks(chunk(`bad ${i}`, i + 1)) })
      await remove(before, bucket, `k${i}`)
    }
    await put(before, bucket, 'good', { data: chunks(chunk('good', 1)) })
    await remove(before, bucket, 'good')
    await before.close()
    await loseChunkRows(path, 300)

    const store = await openStore()
    const buried: unknown[] = []
    const tasks = startFreeing(store, {
      deleteBlobs: async () => undefined,
      onFailure: () => undefined,
      onBuried: (_, cause) => buried.push(cause),
    })
    await eventually('nothing is left', isEmpty(store))
    await tasks.stop()
    assert.deepEqual(await store.chunks.find(tenantId, [chunk('good', 0).id]), [undefined])
    assert.equal(buried.length, 300)
    assert.match(String(buried[0]), /a chunk that has no row/)
    assert.equal(await store.outbox.buriedEstimate(), 300)
    await store.close()
    await rm(path, { recursive: true })
  })
})

/** A queue that takes what it is given, and that is all. */
function blackHole() {
  const published: string[] = []
  const publish = async (_: string, tasks: readonly Task[]) => {
    published.push(...tasks.map(({ id }) => id))
  }
  return { published, queue: { publish } }
}

describe('a relay', (test) => {
  test('claims no more than may be under way, though its queue answers nothing, and does not spin', () =>
    withStore(open, async (store) => {
      await leaveNotes(store, 3000)
      let calls = 0
      const outbox = {
        ...store.outbox,
        claim: (...args: Parameters<typeof store.outbox.claim>) => {
          calls += 1
          return store.outbox.claim(...args)
        },
        unfinished: (...args: Parameters<typeof store.outbox.unfinished>) => {
          calls += 1
          return store.outbox.unfinished(...args)
        },
      } as typeof store.outbox
      const { published, queue } = blackHole()
      const failures: unknown[] = []
      const relay = startOutboxRelay({
        ...{ outbox, queue, kind: 'note', owner: () => 'p' },
        onFailure: (cause) => failures.push(cause),
      })
      await eventually('it has published', () => published.length > 512)
      await wait(500)
      assert.ok(published.length <= 1024, `${published.length} are under way`)
      assert.ok(calls < 60, `${calls} calls in half a second`)
      assert.equal(new Set(published).size, published.length)
      await relay.stop()
      await relay.giveBack()
      assert.deepEqual(failures, [])
      const kinds = ['note'] as const
      const left = await store.outbox.claim({ kinds, owner: 'q', leaseMs: 9_000, limit: 9_000 })
      assert.equal(left.length, 3000, 'what it gave back is there for others at once')
    }))

  test('publishes again what its queue has lost, when its lease is over', () =>
    withStore(open, async (store) => {
      await leaveNotes(store, 3)
      const { published, queue } = blackHole()
      const relay = startOutboxRelay({
        ...{ outbox: store.outbox, queue, kind: 'note', owner: () => 'p' },
        onFailure: (cause) => assert.fail(String(cause)),
        times: { leaseMs: 50, idleMs: 10 },
      })
      await eventually('each was published three times', () => published.length >= 9)
      await relay.stop()
      assert.equal(new Set(published).size, 3)
    }))

  test('waits longer and longer for a queue that cannot be reached, tells of it once, and goes on', () =>
    withStore(open, async (store) => {
      await leaveNotes(store, 1)
      let tries = 0
      let isDown = true
      const publish = async () => {
        tries += 1
        if (isDown) throw new Error('the broker is away')
      }
      const failures: unknown[] = []
      const relay = startOutboxRelay({
        ...{ outbox: store.outbox, queue: { publish }, kind: 'note', owner: () => 'p' },
        onFailure: (cause) => failures.push(cause),
        times: { leaseMs: 1, idleMs: 1, backoffMs: { minMs: 20, maxMs: 80 } },
      })
      await eventually('it has tried', () => tries >= 4)
      assert.equal(failures.length, 1)
      isDown = false
      const before = tries
      await eventually('it goes on', () => tries > before + 1)
      await relay.stop()
    }))
})

describe('workers', (test) => {
  test('bury a task that is tried too often, also one that ends whoever tries it', () =>
    withStore(open, async (store) => {
      await leaveNotes(store, 2)
      const buried: string[] = []
      let runs = 0
      const tasks = startTasks({
        ...{ outbox: store.outbox, owner: () => 'p', onFailure: () => undefined },
        queue: embeddedTaskQueue({ tasksMax: 256, onFailure: () => undefined }),
        onBuried: ({ payload }) => buried.push(String(payload)),
        times: { ...times, leaseMs: 40 },
      })
      tasks.work({
        kind: 'note',
        attemptsMax: 3,
        run: async (some) => {
          runs += 1
          return some.map((task) =>
            task.payload === 'note 0'
              ? { is: 'failed' as const, cause: new Error('never') }
              : { is: 'done' as const },
          )
        },
      })
      await eventually('nothing is left', isEmpty(store))
      await tasks.stop()
      assert.deepEqual(buried, ['note 0'])
      assert.ok(runs >= 3)
      assert.equal(await store.outbox.buriedEstimate(), 1)
    }))

  test('of two processes share what there is, and what one leaves when it stops, the other does', () =>
    withStore(open, async (store) => {
      const done = new Map<string, string[]>()
      const start = (owner: string) => {
        const tasks = startTasks({
          ...{ outbox: store.outbox, owner: () => owner, times },
          queue: embeddedTaskQueue({ tasksMax: 256, onFailure: () => undefined }),
          onFailure: (cause) => assert.fail(String(cause)),
          onBuried: () => assert.fail('buried'),
        })
        tasks.work({
          kind: 'note',
          run: async (some) => {
            await wait(5)
            for (const { id } of some) done.set(id, [...(done.get(id) ?? []), owner])
            return some.map(() => ({ is: 'done' as const }))
          },
        })
        return tasks
      }
      const [one, two] = [start('one'), start('two')]
      for (let i = 0; i < 10; i += 1) await leaveNotes(store, 200)
      await one.stop()
      await eventually('nothing is left', isEmpty(store))
      await two.stop()
      assert.equal(done.size, 2000)
      assert.ok(
        [...done.values()].every(({ length }) => length === 1),
        'each is done once',
      )
    }))
})

/** As a mistake of ours would: the rows of the chunks `bad 0` and on are gone. */
async function loseChunkRows(path: string, count: number): Promise<void> {
  const environment = await LmdbEnvironment.open({ path })
  await environment.write((tables) => {
    for (let i = 0; i < count; i += 1) tables.chunks.remove(chunk(`bad ${i}`, 0).id)
  })
  await environment.close()
}
