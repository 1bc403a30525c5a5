// Contract of `BucketStore`.

import assert from 'node:assert/strict'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { describe } from '../support/describe.ts'
import {
  makeBucket,
  namespace,
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
        assert.deepEqual(await store.buckets.get(defaultNamespace, 'one'), bucket)
      }))

    test('creating it again answers the one that exists', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const again = await store.buckets.create({ ...bucket, region: 'eu-west-1' })
        assert.deepEqual(again, { is: 'exists', bucket })
      }))

    test('two creations at once make one bucket', () =>
      withStore(open, async (store) => {
        const fresh = {
          namespace: defaultNamespace,
          tenantId,
          name: 'one',
          region: 'r',
          createdMs: 1,
        }
        const answers = await Promise.all([1, 2, 3].map(() => store.buckets.create(fresh)))
        assert.equal(answers.filter((answer) => answer.is === 'created').length, 1)
        assert.equal(new Set(answers.map((answer) => answer.bucket.id)).size, 1)
      }))

    test('namespaces do not see the buckets of each other, even of the same name', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const other = namespace('defaul')
        assert.equal(await store.buckets.get(other, 'one'), undefined)
        assert.equal(await store.buckets.get(other, 'tone'), undefined)
        const page = { namespace: other, prefix: '', limit: 10 }
        assert.deepEqual((await store.buckets.list(tenantId, page)).buckets, [])
        const made = await store.buckets.create({ ...bucket, namespace: other })
        assert.equal(made.is, 'created')
        assert.notEqual(made.bucket.id, bucket.id)
        assert.deepEqual(await store.buckets.get(other, 'one'), made.bucket)
        assert.deepEqual(await store.buckets.delete(made.bucket), { is: 'deleted' })
        assert.deepEqual(await store.buckets.get(defaultNamespace, 'one'), bucket)
      }))

    test('a name that another tenant has in the namespace is taken, and found by everybody', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const other = tenant('roo')
        const again = await store.buckets.create({ ...bucket, tenantId: other })
        assert.deepEqual(again, { is: 'exists', bucket })
        assert.deepEqual(await store.buckets.get(defaultNamespace, 'one'), bucket)
      }))

    test('a tenant lists its own buckets, and no other’s', () =>
      withStore(open, async (store) => {
        const tenants = ['roo', 'root', 'roots'].map(tenant)
        for (const [index, owner] of [...tenants, ...tenants].entries()) {
          const fresh = { namespace: defaultNamespace, tenantId: owner, region: 'r' }
          await store.buckets.create({ ...fresh, name: `b-${index}`, createdMs: 1 })
        }
        const page = { namespace: defaultNamespace, prefix: '', limit: 10 }
        for (const [index, owner] of tenants.entries()) {
          const { buckets, isTruncated } = await store.buckets.list(owner, page)
          assert.deepEqual(
            [...buckets.map(({ name, tenantId }) => `${tenantId} ${name}`), isTruncated],
            [`${owner} b-${index}`, `${owner} b-${index + 3}`, false],
          )
        }
      }))

    test('buckets list in byte order, by prefix and in pages', () =>
      withStore(open, async (store) => {
        for (const name of ['b', 'a-2', 'a.1', 'a', 'c']) await makeBucket(store, name)
        const names = async (page: { prefix: string; after?: string; limit: number }) => {
          const { buckets, isTruncated } = await store.buckets.list(tenantId, {
            namespace: defaultNamespace,
            ...page,
          })
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

    test('versioning changes, and what else the bucket has stays', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        assert.deepEqual(await store.buckets.setVersioning(bucket, 'enabled'), { is: 'done' })
        const changed = { ...bucket, versioning: 'enabled' }
        assert.deepEqual(await store.buckets.get(defaultNamespace, 'one'), changed)
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
        assert.equal(await store.buckets.get(defaultNamespace, 'one'), undefined)
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'noSuchBucket' })
      }))

    test('commits, deletions and creations at once: what was committed is in a bucket that is there', () =>
      withStore(open, async (store) => {
        for (let round = 0; round < 20; round += 1) {
          const bucket = await makeBucket(store, `race-${round}`)
          const work = [
            () => store.buckets.delete(bucket),
            () => store.objects.commit(newVersion(bucket, 'a')),
            () => store.buckets.delete(bucket),
            () => store.buckets.create(bucket),
            () => store.objects.commit(newVersion(bucket, 'b')),
          ]
          const turned = [...work.slice(round % 5), ...work.slice(0, round % 5)]
          const outcomes = (await Promise.all(turned.map((each) => each()))).map(({ is }) => is)
          const committed = outcomes.filter((is) => is === 'committed').length
          const now = await store.buckets.get(defaultNamespace, bucket.name)
          const { entries } = await store.objects.list(bucket, { prefix: '', limit: 9 })
          assert.equal(entries.length, committed, outcomes.join(' '))
          if (committed > 0) assert.equal(now?.id, bucket.id, outcomes.join(' '))
          if (outcomes.includes('deleted')) assert.notEqual(now?.id, bucket.id)
        }
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
        assert.deepEqual(await store.buckets.delete(old), gone)
        assert.deepEqual(await store.uploads.create(old, newUpload('k')), gone)
        assert.equal(await store.objects.get(old, 'k'), undefined)
        assert.equal((await store.objects.list(old, { prefix: '', limit: 9 })).entries.length, 0)
      }))
  })
}
