// Contract of `LeaseStore`: what is deleted waits for the leases that cover it, and for no other. How leases
// change: `metadata-lease-changes.ts`.
import assert from 'node:assert/strict'
import { describe } from '../support/describe.ts'
import { claimFreeing } from '../support/do-tasks.ts'
import {
  chunk,
  chunks,
  drain,
  listId,
  look,
  makeBucket,
  type OpenStore,
  put,
  remove,
  tenantId,
  withStore,
} from './metadata-fixture.ts'
import {
  below,
  everything,
  heldBy,
  lease,
  ofKey,
  putAll,
  removeAll,
  rowOf,
} from './metadata-lease-fixture.ts'

export function leasesContract(name: string, open: OpenStore): void {
  describe(`${name}: leases`, (test) => {
    test('a lease holds what is deleted after it, readable by its row, until it is let go', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['before', 'after'])
        await put(store, bucket, 'inline')
        const after = await rowOf(store, bucket, 'after')
        const inline = await rowOf(store, bucket, 'inline')
        await remove(store, bucket, 'before')
        await store.leases.take(lease('z1', below(bucket, '')))
        await remove(store, bucket, 'after')
        await put(store, bucket, 'inline', { body: 'new' })
        assert.equal((await drain(store)).length, 1)
        assert.equal(await look(store, bucket, 'after'), undefined)
        assert.deepEqual(await store.objects.getRow(bucket.id, 'after', after.rowId), after)
        assert.deepEqual(await store.objects.getRow(bucket.id, 'inline', inline.rowId), inline)
        assert.equal(await store.outbox.depthEstimate(), 2)
        await store.leases.letGo('z1')
        assert.equal((await drain(store)).length, 1)
        assert.equal(await store.objects.getRow(bucket.id, 'after', after.rowId), undefined)
        assert.equal(await store.objects.getRow(bucket.id, 'inline', inline.rowId), undefined)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('a lease holds what lies below its prefix, and nothing beside it', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const keys = ['p', 'p/', 'p/a', 'p/\u0000b', 'p/é', 'p/\uffff', 'p0', 'q', 'o/p/a', 'p/a/b']
        const leases = [lease('z1', below(bucket, 'p/'))]
        assert.deepEqual(await heldBy(store, bucket, { keys, leases }), [
          'p/',
          'p/a',
          'p/\u0000b',
          'p/é',
          'p/\uffff',
          'p/a/b',
        ])
      }))

    test('scopes are found however many others stand between them and the key', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const beside = [
          'a/a',
          'a/b/',
          'a/b/a',
          'a/b/c/',
          'a/b/c0',
          'a/b/c/d/e/g',
          'a/b/c/d/e/f/x',
          'b',
        ]
        const keys = ['a/b/c/d/e/f', 'a/b/c/d/e/h', 'a/b/c', 'a/c', 'a/\u0000']
        for (const prefix of ['a/b/c/d/', 'a/c', 'a/\u0000']) {
          const leases = [...beside.filter((other) => !other.endsWith('/')), prefix].map((each) =>
            lease(each, below(bucket, each)),
          )
          const held = await heldBy(store, bucket, { keys, leases })
          assert.deepEqual(
            held,
            keys.filter((key) => key.startsWith(prefix)),
            prefix,
          )
          for (const { leaseId } of leases) await store.leases.letGo(leaseId)
          await drain(store)
        }
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('a lease of keys, of one version, or of another bucket holds no more than that', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const other = await makeBucket(store, 'two')
        await putAll(store, bucket, ['a', 'ab', 'b'])
        const first = await rowOf(store, bucket, 'b')
        await put(store, bucket, 'b', { data: chunks(chunk('b2', 1)) })
        const second = await rowOf(store, bucket, 'b')
        const { rowId } = second
        await store.leases.take(
          lease('z1', ofKey(bucket, 'a'), { is: 'row', bucketId: bucket.id, key: 'b', rowId }),
        )
        await putAll(store, other, ['c'])
        for (const version of [await rowOf(store, bucket, 'a'), first, second]) {
          await remove(store, bucket, version.key, version.versionId)
        }
        await remove(store, bucket, 'ab', (await rowOf(store, bucket, 'ab')).versionId)
        await remove(store, other, 'c')
        assert.equal((await drain(store)).length, 3)
        assert.equal(await store.outbox.depthEstimate(), 2)
        assert.ok(await store.objects.getRow(bucket.id, 'b', second.rowId))
      }))

    test('a lease of everything holds all, of every bucket', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const keys = ['', 'a', 'b'].filter((key) => key !== '')
        assert.deepEqual(
          await heldBy(store, bucket, { keys, leases: [lease('r', everything)] }),
          keys,
        )
      }))

    test('parts, uploads, lists and buckets that are given up wait for no lease', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await store.leases.take(lease('z1', everything, below(bucket, '')))
        const described = { headers: {}, userMetadata: {}, tags: [], storageClass: 'STANDARD' }
        const begin = async (key: string) => {
          const made = await store.uploads.create(bucket, { key, initiatedMs: 1, ...described })
          assert.ok(made.is === 'created')
          return made.upload
        }
        const part = (name: string) => ({
          number: 1,
          size: 4_194_304,
          etag: name,
          crc32: 1,
          modifiedMs: 1,
          data: chunks(chunk(name, 1)),
        })
        const upload = await begin('u')
        await store.uploads.commitPart(bucket, upload, part('first'))
        await store.uploads.commitPart(bucket, upload, part('second'))
        await store.uploads.abort(bucket, upload)
        await store.uploads.commitPart(bucket, await begin('v'), part('third'))
        const list = { tenantId, listId: listId('l'), owner: 'p', offset: 0 }
        await store.chunks.extendList({ ...list, chunks: [chunk('fourth', 1)] })
        await store.chunks.abandonList(tenantId, list.listId)
        await store.buckets.delete(bucket)
        assert.equal((await drain(store)).length, 4)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('a chunk that a held version shares with a released one stays until the lease ends', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'held', { data: chunks(chunk('shared', 1), chunk('own', 1)) })
        await put(store, bucket, 'free', {
          data: chunks(chunk('shared', 1, 'known'), chunk('f', 1)),
        })
        await store.leases.take(lease('z1', ofKey(bucket, 'held')))
        await removeAll(store, bucket, ['held', 'free'])
        assert.equal((await drain(store)).length, 1)
        assert.ok((await store.chunks.find(tenantId, [chunk('shared', 1).id]))[0])
        await store.leases.letGo('z1')
        assert.equal((await drain(store)).length, 2)
      }))

    test('what several leases cover waits for the last of them, and for none taken later', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['a', 'b'])
        await store.leases.take(lease('z1', below(bucket, '')))
        await store.leases.take(lease('z2', ofKey(bucket, 'a')))
        await remove(store, bucket, 'a')
        await store.leases.take(lease('z3', below(bucket, '')))
        await remove(store, bucket, 'b')
        await store.leases.letGo('z2')
        assert.deepEqual(await drain(store), [])
        await store.leases.letGo('z1')
        assert.deepEqual(await drain(store), ['ca978112/1'])
        await store.leases.letGo('z3')
        await store.leases.letGo('z3')
        assert.deepEqual(await drain(store), ['3e23e816/1'])
      }))

    test('an expired lease is gone for renewal too; one renewed in time is not', () =>
      withStore(open, async (store) => {
        await store.leases.take(lease('z1', everything))
        await store.leases.take(lease('z2', everything))
        assert.deepEqual(await store.leases.renew('z2', 5000), { is: 'renewed' })
        assert.equal(await store.leases.expire(1000), 0)
        assert.equal(await store.leases.expire(1001), 1)
        assert.deepEqual(await store.leases.renew('z1', 9000), { is: 'gone' })
        assert.deepEqual(await store.leases.narrow({ ...lease('z1'), scopes: [] }), { is: 'gone' })
        assert.deepEqual(await store.leases.handOver('z1', 'z2'), { is: 'gone' })
        assert.deepEqual(await store.leases.handOver('z2', 'z1'), { is: 'gone' })
        assert.deepEqual(await store.leases.renew('z2', 9000), { is: 'renewed' })
        assert.deepEqual(await store.leases.renew('never', 9000), { is: 'gone' })
      }))

    test('the leases that something waits for are told, by their purpose', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['a'])
        await store.leases.take(lease('z1', below(bucket, 'b')))
        await store.leases.take({ ...lease('b1', below(bucket, 'a')), purpose: 'bundle' })
        await remove(store, bucket, 'a')
        assert.deepEqual(await store.leases.holding('zip', { limit: 9 }), [])
        assert.deepEqual(await store.leases.holding('bundle', { limit: 9 }), ['b1'])
        await store.leases.letGo('b1')
        assert.deepEqual(await store.leases.holding('bundle', { limit: 9 }), [])
      }))

    test('a release that no lease covers is not behind thousands that are held', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await store.leases.take(lease('z1', below(bucket, 'held/')))
        const keys = Array.from({ length: 2000 }, (_, i) => `held/${i}`)
        await Promise.all(keys.map((key) => put(store, bucket, key)))
        await Promise.all(keys.map((key) => remove(store, bucket, key)))
        await putAll(store, bucket, ['free'])
        await remove(store, bucket, 'free')
        const tasks = await claimFreeing(store.outbox, 1)
        assert.equal(tasks.length, 1)
        await store.outbox.retryLater(tasks, { afterMs: 0 })
        assert.equal((await drain(store)).length, 1)
        assert.equal(await store.outbox.depthEstimate(), keys.length)
        await store.leases.letGo('z1')
        await drain(store)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))
  })
}
