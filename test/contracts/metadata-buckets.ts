// Contract of `BucketStore`.
import assert from 'node:assert/strict'
import { describe } from '../support/describe.ts'
import {
  makeBucket,
  newVersion,
  type OpenStore,
  put,
  remove,
  tenant,
  tenantId,
  withStore,
} from './metadata-fixture.ts'
import { newUpload } from './metadata-upload-fixture.ts'

export function bucketsContract(name: string, open: OpenStore): void {
  describe(`${name}: buckets`, (test) => {
    test('a new bucket is unversioned and comes back as created', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        assert.equal(bucket.versioning, 'off')
        assert.match(bucket.id, /^[0-9a-f]{16}$/)
        assert.deepEqual(await store.buckets.get(tenantId, 'one'), bucket)
      }))

    test('creating it again answers the one that exists', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const again = await store.buckets.create({ ...bucket, region: 'eu-west-1' })
        assert.deepEqual(again, { is: 'exists', bucket })
      }))

    test('two creations at once make one bucket', () =>
      withStore(open, async (store) => {
        const fresh = { tenantId, name: 'one', region: 'r', createdMs: 1, tags: [] }
        const answers = await Promise.all([1, 2, 3].map(() => store.buckets.create(fresh)))
        assert.equal(answers.filter((answer) => answer.is === 'created').length, 1)
        assert.equal(new Set(answers.map((answer) => answer.bucket.id)).size, 1)
      }))

    test('tenants do not see the buckets of each other, even of the same name', () =>
      withStore(open, async (store) => {
        await makeBucket(store, 'one')
        const other = tenant('roo')
        assert.equal(await store.buckets.get(other, 'one'), undefined)
        assert.equal(await store.buckets.get(other, 'tone'), undefined)
        const page = { prefix: '', limit: 10 }
        assert.deepEqual((await store.buckets.list(other, page)).buckets, [])
      }))

    test('buckets list in byte order, by prefix and in pages', () =>
      withStore(open, async (store) => {
        for (const name of ['b', 'a-2', 'a.1', 'a', 'c']) await makeBucket(store, name)
        const names = async (page: { prefix: string; after?: string; limit: number }) => {
          const { buckets, isTruncated } = await store.buckets.list(tenantId, page)
          return [...buckets.map((bucket) => bucket.name), isTruncated]
        }
        const all = ['a', 'a-2', 'a.1', 'b', 'c']
        assert.deepEqual(await names({ prefix: '', limit: 10 }), [...all, false])
        assert.deepEqual(await names({ prefix: '', limit: 5 }), [...all, false])
        assert.deepEqual(await names({ prefix: '', limit: 2 }), ['a', 'a-2', true])
        assert.deepEqual(await names({ prefix: '', after: 'a-2', limit: 2 }), ['a.1', 'b', true])
        assert.deepEqual(await names({ prefix: 'a', limit: 9 }), ['a', 'a-2', 'a.1', false])
        assert.deepEqual(await names({ prefix: 'a', after: 'b', limit: 9 }), [false])
        assert.deepEqual(await names({ prefix: 'b', after: 'a', limit: 9 }), ['b', false])
        assert.deepEqual(await names({ prefix: '', limit: 0 }), [false])
        assert.deepEqual(await names({ prefix: 'x'.repeat(5000), limit: 5 }), [false])
        assert.deepEqual(await names({ prefix: '', after: 'x'.repeat(5000), limit: 5 }), [false])
      }))

    test('versioning and tags change, and what else the bucket has stays', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const tags = [{ key: 'k', value: '' }]
        assert.deepEqual(await store.buckets.setVersioning(bucket, 'enabled'), { is: 'done' })
        assert.deepEqual(await store.buckets.setTags(bucket, tags), { is: 'done' })
        const changed = { ...bucket, versioning: 'enabled', tags }
        assert.deepEqual(await store.buckets.get(tenantId, 'one'), changed)
        await store.buckets.setTags(bucket, [])
        assert.deepEqual((await store.buckets.get(tenantId, 'one'))?.tags, [])
      }))

    test('a bucket is deleted only when no version and no delete marker is left', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const { versionId } = await put(store, bucket, 'k')
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'notEmpty' })
        const marker = await remove(store, bucket, 'k')
        await remove(store, bucket, 'k', versionId)
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'notEmpty' })
        await remove(store, bucket, 'k', marker.versionId)
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
        assert.equal(await store.buckets.get(tenantId, 'one'), undefined)
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'noSuchBucket' })
      }))

    test('a bucket made again under its old name is another bucket', () =>
      withStore(open, async (store) => {
        const old = await makeBucket(store, 'one')
        await store.buckets.delete(old)
        const fresh = await makeBucket(store, 'one')
        await put(store, fresh, 'k')
        const gone = { is: 'noSuchBucket' }
        assert.deepEqual(await store.objects.commit(newVersion(old, 'k')), gone)
        assert.deepEqual(await store.objects.delete({ bucket: old, key: 'k', nowMs: 1 }), gone)
        assert.deepEqual(await store.objects.setTags(old, 'k', { tags: [] }), gone)
        assert.deepEqual(await store.buckets.setVersioning(old, 'enabled'), gone)
        assert.deepEqual(await store.buckets.setTags(old, []), gone)
        assert.deepEqual(await store.buckets.delete(old), gone)
        assert.deepEqual(await store.uploads.create(old, newUpload('k')), gone)
        assert.equal(await store.objects.get(old, 'k'), undefined)
        assert.equal((await store.objects.list(old, { prefix: '', limit: 9 })).entries.length, 0)
      }))
  })
}
