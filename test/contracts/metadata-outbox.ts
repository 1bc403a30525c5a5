// Contract of `Outbox`. Leases, which hold releases back: `metadata-leases.ts`.
import assert from 'node:assert/strict'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { OutboxTask } from '../../metadata/outbox-store.ts'
import { describe } from '../support/describe.ts'
import {
  chunk,
  chunks,
  drain,
  listId,
  makeBucket,
  type OpenStore,
  put,
  releaseWhole,
  remove,
  tenantId,
  withStore,
} from './metadata-fixture.ts'

async function onlyRelease(store: MetadataStore): Promise<OutboxTask & { kind: 'release' }> {
  const tasks = await store.outbox.next(10)
  const [task] = tasks
  assert.equal(tasks.length, 1)
  assert.ok(task?.kind === 'release')
  return task
}

export function outboxContract(name: string, open: OpenStore): void {
  describe(`${name}: outbox`, (test) => {
    test('a task done twice, or late, is done once', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        await put(store, bucket, 'y', { data: chunks(chunk('a', 1, 'known')) })
        await remove(store, bucket, 'x')
        const task = await onlyRelease(store)
        for (let i = 0; i < 3; i += 1) await releaseWhole(store, task)
        assert.deepEqual(await drain(store), [])
        await remove(store, bucket, 'y')
        await releaseWhole(store, await onlyRelease(store))
        const [deletion] = await store.outbox.next(10)
        assert.ok(deletion?.kind === 'deleteBlob')
        await store.outbox.finish([deletion])
        await store.outbox.finish([deletion])
        await store.outbox.finish([])
        assert.equal(await store.outbox.depth(), 0)
      }))

    test('tasks wait until they are finished, in order, and no more than asked for', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const i of [1, 2, 3]) {
          await put(store, bucket, `k${i}`, { data: chunks(chunk(`c${i}`, i)) })
          await remove(store, bucket, `k${i}`)
        }
        assert.equal(await store.outbox.depth(), 3)
        const tasks = await store.outbox.next(2)
        assert.equal(tasks.length, 2)
        assert.deepEqual(await store.outbox.next(2), tasks)
        const seqs = (await store.outbox.next(9)).map((task) => task.seq)
        assert.deepEqual(seqs, [...seqs].sort())
        assert.ok(tasks.every((task) => task.tenantId === tenantId))
      }))

    test('neither kind of task hides the other, however many of it there are', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const claims = Array.from({ length: 30 }, (_, i) => chunk(`c${i}`, 1 + i))
        await put(store, bucket, 'many', { data: chunks(...claims) })
        await remove(store, bucket, 'many')
        await releaseWhole(store, await onlyRelease(store))
        for (const key of ['x', 'y']) {
          await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
          await remove(store, bucket, key)
        }
        const kinds = async (limit: number) =>
          (await store.outbox.next(limit)).map(({ kind }) => kind).sort()
        assert.deepEqual(await kinds(3), ['deleteBlob', 'release', 'release'])
        assert.deepEqual(await kinds(1), ['release'])
        const all = await store.outbox.next(100)
        assert.equal(all.length, 32)
      }))

    test('tasks are handed out behind those that are named, each kind for itself', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const key of ['a', 'b', 'c', 'd']) {
          await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
          await remove(store, bucket, key)
        }
        const [first, second] = await store.outbox.next(2)
        assert.ok(first?.kind === 'release' && second?.kind === 'release')
        await releaseWhole(store, first)
        const [third, fourth, deletion] = await store.outbox.next(10, { release: second.seq })
        assert.ok(third?.kind === 'release' && fourth?.kind === 'release')
        assert.equal(deletion?.kind, 'deleteBlob')
        const place = { release: fourth.seq, deleteBlob: deletion.seq }
        assert.deepEqual(await store.outbox.next(10, place), [])
        assert.equal((await store.outbox.next(10)).length, 4)
      }))

    test('a large release goes step by step, and may stop between any two', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const claims = Array.from({ length: 5000 }, (_, i) => chunk(`c${i % 3000}`, 1 + (i % 3000)))
        await store.chunks.extendList({
          tenantId,
          listId: listId('l'),
          owner: 'p',
          offset: 0,
          chunks: claims,
        })
        await put(store, bucket, 'k', { data: { is: 'list', listId: listId('l') } })
        await remove(store, bucket, 'k')
        const task = await onlyRelease(store)
        const steps = await releaseWhole(store, task)
        assert.ok(steps > 1, 'one transaction would hold up all others')
        assert.equal((await drain(store)).length, 3000)
        assert.equal(await store.outbox.depth(), 0)
      }))
  })
}
