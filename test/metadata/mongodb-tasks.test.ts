// What the outbox on MongoDB does with tasks that make no sense or contradict what is stored, with claimers in
// several processes, and with what is left of a bucket that is gone.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { releaseTask, taskDocuments } from '../../metadata/mongodb/task-fields.ts'
import type { Task } from '../../metadata/outbox-store.ts'
import {
  chunk,
  chunks,
  drain,
  makeBucket,
  newVersion,
  put,
  remove,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { openMongoStore } from '../support/mongo-stores.ts'
import { describeOnMongo } from '../support/on-mongo.ts'

type Opened = { readonly store: MongoMetadataStore; another(): Promise<MongoMetadataStore> }

async function withStore(body: (opened: Opened) => Promise<void>): Promise<void> {
  const { uri, store, close } = await openMongoStore()
  const others: MongoMetadataStore[] = []
  const another = async () => {
    const opened = await MongoMetadataStore.open({ uri, random: randomBytes })
    others.push(opened)
    return opened
  }
  try {
    await body({ store, another })
  } finally {
    for (const each of others) await each.close()
    await close()
  }
}

function claim(store: MongoMetadataStore, kind: string, limit = 100): Promise<readonly Task[]> {
  return store.outbox.claim({ kinds: [kind], owner: 'p', leaseMs: 3_600_000, limit })
}

async function note(store: MongoMetadataStore, name: string, count: number): Promise<void> {
  const bucket = await makeBucket(store, name)
  for (let i = 0; i < count; i += 1) {
    const followUps = [{ kind: 'note', payload: i }]
    await store.objects.commit({ ...newVersion(bucket, `k${i}`), followUps })
  }
}

async function onlyRelease(store: MongoMetadataStore): Promise<Task<'release'>> {
  const [task, ...more] = await claim(store, 'release')
  assert.deepEqual(more, [])
  assert.ok(task?.kind === 'release')
  return { ...task, kind: 'release', payload: undefined }
}

describeOnMongo('mongodb: tasks', (test) => {
  test('tasks that make no sense are buried, and hold up no others', () =>
    withStore(async ({ store }) => {
      await note(store, 'one', 3)
      const sound = { kind: 'note', tenant: tenantId, due: 0, attempts: 0 }
      const nonsense = [
        sound,
        { ...sound, body: Buffer.from('no record') },
        { ...sound, tenant: 5 },
        { ...sound, tenant: 'a b' },
        { ...sound, tenant: null },
        { ...sound, attempts: 'many' },
        { ...sound, due: 1, attempts: -0.5 },
      ]
      // As no program of ours writes them.
      await store.database.db.collection('tasks').insertMany(nonsense.map((t) => ({ t })))
      const claimed = await claim(store, 'note', 2)
      const rest = [...(await claim(store, 'note')), ...(await claim(store, 'note'))]
      const met = [...claimed, ...rest].map(({ payload }) => payload)
      assert.deepEqual(met.sort(), [0, 1, 2])
      assert.equal(await store.outbox.buriedEstimate(), nonsense.length)
      assert.equal(await store.outbox.depthEstimate(), 3)
    }))

  test('a release that contradicts what is stored is broken, and changes nothing', () =>
    withStore(async ({ store }) => {
      const bucket = await makeBucket(store, 'one')
      await put(store, bucket, 'k', { data: chunks(chunk('a', 1)) })
      const refs = [chunk('a', 1), chunk('b', 2)]
      const contradiction = releaseTask(tenantId, { what: 'chunks', refs })
      await store.database.tasks.insertMany(taskDocuments([contradiction]))
      const task = await onlyRelease(store)
      for (let i = 0; i < 2; i += 1) {
        assert.equal((await store.outbox.release(task)).is, 'broken')
      }
      assert.deepEqual(await store.chunks.areReferenced([chunk('a', 1)]), [true])
      await store.outbox.bury(task, { cause: 'contradiction' })
      await store.database.tasks.insertMany(
        taskDocuments([{ ...contradiction, body: Buffer.from('no record') }]),
      )
      assert.equal((await store.outbox.release(await onlyRelease(store))).is, 'broken')
      assert.equal(await store.outbox.buriedEstimate(), 1)
    }))

  test('what a version names that was removed is given back once by two who do it at once', () =>
    withStore(async ({ store, another }) => {
      const bucket = await makeBucket(store, 'one')
      const other = await another()
      await put(store, bucket, 'x', { data: chunks(chunk('a', 1), chunk('b', 1)) })
      await put(store, bucket, 'y', { data: chunks(chunk('a', 1, 'known')) })
      await remove(store, bucket, 'x')
      const task = await onlyRelease(store)
      const answers = await Promise.all(
        [store, other, store, other].map(({ outbox }) => outbox.release(task)),
      )
      assert.ok(answers.every(({ is }) => is === 'done'))
      assert.deepEqual(await drain(store), ['3e23e816/1'])
      assert.deepEqual(await store.chunks.areReferenced([chunk('a', 1)]), [true])
    }))

  test('claimers in several processes get each task once, and all of them', () =>
    withStore(async ({ store, another }) => {
      await note(store, 'one', 90)
      const stores = [store, await another(), await another()]
      const claims = stores.flatMap((each) => [1, 2, 3].map(() => claim(each, 'note', 10)))
      const ids = (await Promise.all(claims)).flat().map(({ id }) => id)
      assert.equal(ids.length, 90)
      assert.equal(new Set(ids).size, 90)
    }))

  test('ids of tasks are the same wherever they are claimed, whatever the key', () =>
    withStore(async ({ store, another }) => {
      const bucket = await makeBucket(store, 'one')
      for (const key of ['a/"b"\\', 'ä\u0000\n', '🙂/']) {
        const followUps = [{ kind: 'note', payload: key }]
        await store.objects.commit({ ...newVersion(bucket, key), followUps })
      }
      const tasks = await claim(store, 'note')
      assert.deepEqual(tasks.map(({ payload }) => payload).sort(), ['a/"b"\\', 'ä\u0000\n', '🙂/'])
      const other = await another()
      assert.deepEqual(await other.outbox.unfinished(tasks), tasks)
      await other.outbox.done(tasks)
      assert.deepEqual(await store.outbox.unfinished(tasks), [])
      assert.equal(await store.outbox.depthEstimate(), 0)
    }))

  test('uploads and versions that are left under the id of a bucket are released', () =>
    withStore(async ({ store }) => {
      const bucket = await makeBucket(store, 'one', 'enabled')
      await put(store, bucket, 'k', { data: chunks(chunk('a', 1)) })
      await put(store, bucket, 'k', { data: chunks(chunk('b', 2)) })
      await remove(store, bucket, 'k')
      for (let i = 0; i < 140; i += 1) await put(store, bucket, `small ${i}`)
      const { content } = newVersion(bucket, 'u')
      for (const name of ['c', 'd']) {
        const made = await store.uploads.create(bucket, { ...content, key: 'u', initiatedMs: 1 })
        assert.ok(made.is === 'created')
        if (name === 'd') continue
        const part = { number: 1, size: 4_194_304, etag: 'e', crc32: 1, modifiedMs: 1 }
        const data = chunks(chunk(name, 3))
        await store.uploads.commitPart(bucket, made.upload, { ...part, data })
      }
      const leftovers = releaseTask(tenantId, { what: 'bucketLeftovers', bucketId: bucket.id })
      await store.database.tasks.insertMany(taskDocuments([leftovers]))
      assert.deepEqual((await drain(store)).toSorted(), ['2e7d2c03/3', '3e23e816/2', 'ca978112/1'])
      assert.equal(await store.database.objects.countDocuments({ b: bucket.id }), 0)
      assert.equal(await store.outbox.depthEstimate(), 0)
      assert.equal(await store.outbox.buriedEstimate(), 0)
    }))
})
