// Contract of `Outbox` and `LeaseStore`.
import assert from 'node:assert/strict'
import type { MetadataStore, OutboxTask } from '../../metadata/metadata-store.ts'
import { describe } from '../support/describe.ts'
import {
  chunk,
  chunks,
  drain,
  listId,
  look,
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

const lease = { leaseId: 'z1', purpose: 'zip', expiresMs: 1000 }

export function outboxContract(name: string, open: OpenStore): void {
  describe(`${name}: outbox and leases`, (test) => {
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

    test('a lease holds what is deleted after it, readable by its row, until it is let go', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'before', { data: chunks(chunk('a', 1)) })
        await put(store, bucket, 'after', { data: chunks(chunk('b', 2)) })
        await put(store, bucket, 'inline')
        const after = await store.objects.get(bucket, 'after')
        const inline = await store.objects.get(bucket, 'inline')
        assert.ok(after && inline)
        await remove(store, bucket, 'before')
        await store.leases.take(lease)
        await remove(store, bucket, 'after')
        await put(store, bucket, 'inline', { body: 'new' })
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await look(store, bucket, 'after'), undefined)
        assert.deepEqual(await store.objects.getRow(bucket.id, 'after', after.rowId), after)
        assert.deepEqual(await store.objects.getRow(bucket.id, 'inline', inline.rowId), inline)
        assert.equal(await store.outbox.depth(), 2)
        await store.leases.letGo('z1')
        assert.deepEqual(await drain(store), ['3e23e816/2'])
        assert.equal(await store.objects.getRow(bucket.id, 'after', after.rowId), undefined)
        assert.equal(await store.objects.getRow(bucket.id, 'inline', inline.rowId), undefined)
        assert.equal(await store.outbox.depth(), 0)
      }))

    test('of several leases the oldest counts', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const key of ['a', 'b']) await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
        await store.leases.take(lease)
        await remove(store, bucket, 'a')
        await store.leases.take({ ...lease, leaseId: 'z2' })
        await remove(store, bucket, 'b')
        await store.leases.letGo('z1')
        assert.deepEqual(await drain(store), ['ca978112/1'])
        await store.leases.letGo('z2')
        await store.leases.letGo('z2')
        assert.deepEqual(await drain(store), ['3e23e816/1'])
      }))

    test('an expired lease is gone for renewal too; one renewed in time is not', () =>
      withStore(open, async (store) => {
        await store.leases.take(lease)
        await store.leases.take({ ...lease, leaseId: 'z2' })
        assert.deepEqual(await store.leases.renew('z2', 5000), { is: 'renewed' })
        assert.equal(await store.leases.expire(1000), 0)
        assert.equal(await store.leases.expire(1001), 1)
        assert.deepEqual(await store.leases.renew('z1', 9000), { is: 'gone' })
        assert.deepEqual(await store.leases.renew('z2', 9000), { is: 'renewed' })
        assert.deepEqual(await store.leases.renew('never', 9000), { is: 'gone' })
      }))

    test('taking a lease again does not let go of what it held', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'a', { data: chunks(chunk('a', 1)) })
        await store.leases.take(lease)
        await remove(store, bucket, 'a')
        await store.leases.take({ ...lease, expiresMs: 9000 })
        assert.deepEqual(await drain(store), [])
      }))
  })
}
