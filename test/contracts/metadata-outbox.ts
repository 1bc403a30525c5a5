// Contract of `Outbox`: what is done to tasks. How they are handed out: `metadata-claims.ts`; leases, which
// hold releases back: `metadata-leases.ts`.
import assert from 'node:assert/strict'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Task } from '../../metadata/outbox-store.ts'
import { describe } from '../support/describe.ts'
import { claimFreeing } from '../support/do-tasks.ts'
import {
  chunk,
  chunks,
  drain,
  listId,
  makeBucket,
  newVersion,
  type OpenStore,
  put,
  releaseWhole,
  remove,
  tenantId,
  withStore,
} from './metadata-fixture.ts'

async function onlyRelease(store: MetadataStore): Promise<Task<'release'>> {
  const tasks = await claimFreeing(store.outbox)
  const [task] = tasks
  assert.equal(tasks.length, 1)
  assert.ok(task?.kind === 'release')
  return task
}

const claimNotes = (store: MetadataStore) =>
  store.outbox.claim({ kinds: ['note'], owner: 'p', leaseMs: 3_600_000, limit: 100 })

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
        const [deletion] = await claimFreeing(store.outbox)
        assert.ok(deletion?.kind === 'deleteBlob')
        await store.outbox.done([deletion])
        await store.outbox.done([deletion])
        await store.outbox.done([])
        assert.equal(await store.outbox.depthEstimate(), 0)
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
        assert.deepEqual(await store.outbox.release(task), { is: 'more' })
        await store.outbox.retryLater([task], { afterMs: 0 })
        const steps = await releaseWhole(store, await releaseAgain(store))
        assert.ok(steps > 1, 'one transaction would hold up all others')
        assert.equal((await drain(store)).length, 3000)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('tasks that follow a change are written with it, and not when it is refused', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const note = (of: string) => ({ followUps: [{ kind: 'note', payload: { of } }] })
        await store.objects.commit({ ...newVersion(bucket, 'k'), ...note('commit') })
        const onlyNew = { condition: { ifNoneMatch: '*' as const } }
        const refused = await store.objects.commit({
          ...newVersion(bucket, 'k', onlyNew),
          ...note('refused commit'),
        })
        assert.deepEqual(refused, { is: 'preconditionFailed' })
        const deletion = { bucket, key: 'k', nowMs: 1 }
        const ifMatch = { condition: { ifMatch: ['other'] } }
        await store.objects.delete({ ...deletion, ...ifMatch, ...note('refused delete') })
        await store.objects.delete({ ...deletion, ...note('delete') })
        const tasks = await claimNotes(store)
        assert.deepEqual(
          tasks.map(({ payload }) => payload),
          [{ of: 'commit' }, { of: 'delete' }],
        )
        assert.ok(tasks.every((task) => task.tenantId === tenantId && task.attempts === 1))
        await store.outbox.done(tasks)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('a completion that is repeated leaves its tasks once', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const { content } = newVersion(bucket, 'k')
        const made = await store.uploads.create(bucket, { ...content, key: 'k', initiatedMs: 1 })
        assert.ok(made.is === 'created')
        const part = { number: 1, size: 5, etag: 'e', crc32: 1, modifiedMs: 1 }
        const data = { is: 'inline' as const, sealed: Buffer.from('part1') }
        await store.uploads.commitPart(bucket, made.upload, { ...part, data })
        const listed = await store.uploads.listParts(bucket, made.upload, { after: 0, limit: 1 })
        assert.ok(listed.is === 'listed')
        const { revision } = listed
        const completion = {
          ...{
            bucket,
            upload: made.upload,
            revision,
            parts: [{ number: 1, size: 5 }],
            content,
            nowMs: 1,
          },
          followUps: [{ kind: 'note', payload: [1, 'two', Buffer.from('three')] }],
        }
        for (let i = 0; i < 2; i += 1) {
          assert.equal((await store.uploads.complete(completion)).is, 'committed')
        }
        const [task, ...more] = await claimNotes(store)
        assert.deepEqual(more, [])
        assert.deepEqual(task?.payload, [1, 'two', Buffer.from('three')])
      }))

    test('kinds that nobody asks for are left alone, and are not lost', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const followUps = [
          { kind: 'ofALaterProgram', payload: 7 },
          { kind: 'note', payload: 8 },
        ]
        await store.objects.commit({ ...newVersion(bucket, 'k'), followUps })
        await remove(store, bucket, 'k')
        await drain(store)
        await store.outbox.done(await claimNotes(store))
        assert.equal(await store.outbox.depthEstimate(), 1)
        const kinds = ['ofALaterProgram'] as const
        const later = await store.outbox.claim({ kinds, owner: 'p', leaseMs: 9_000, limit: 9 })
        assert.deepEqual(
          later.map(({ payload }) => payload),
          [7],
        )
      }))

    test('what is buried is kept, counted, and handed out no more', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        await remove(store, bucket, 'x')
        const task = await onlyRelease(store)
        await store.outbox.bury(task, { cause: new Error('it contradicts') })
        await store.outbox.bury(task, { cause: new Error('it contradicts') })
        assert.equal(await store.outbox.buriedEstimate(), 1)
        assert.equal(await store.outbox.depthEstimate(), 0)
        assert.deepEqual(
          await store.outbox.release(task),
          { is: 'done' },
          'it is nobody’s any more',
        )
        assert.deepEqual(await drain(store), [])
        const [found] = await store.chunks.find(tenantId, [chunk('a', 0).id])
        assert.equal(found?.generation, 1)
      }))
  })
}

async function releaseAgain(store: MetadataStore): Promise<Task<'release'>> {
  for (;;) {
    const [task] = await store.outbox.claim({
      ...{ kinds: ['release'], owner: 'p', leaseMs: 3_600_000, limit: 1 },
    })
    if (task?.kind === 'release') return task
  }
}
