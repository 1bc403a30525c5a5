// Contract of `LeaseStore`: leases that are taken again, sealed, narrowed, handed over, and such of many
// scopes.
import assert from 'node:assert/strict'
import type { ManifestId } from '../../metadata/manifest-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import { describe } from '../support/describe.ts'
import {
  blobName,
  chunk,
  chunks,
  drain,
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
  lease,
  ofKey,
  putAll,
  removeAll,
  rowOf,
} from './metadata-lease-fixture.ts'

function manifestId(number: number): ManifestId {
  const id = parseManifestId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

const summary = {
  etag: 'e',
  crc32: 0,
  entries: 1,
  totalBytes: 22,
  directory: { offset: 0, bytes: 0 },
  modifiedMs: 0,
}

export function leaseChangesContract(name: string, open: OpenStore): void {
  describe(`${name}: leases that change`, (test) => {
    test('taking a lease again adds to it, and does not let go of what it held', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['a', 'b', 'c'])
        await store.leases.take(lease('z1', ofKey(bucket, 'a')))
        await removeAll(store, bucket, ['a', 'c'])
        await store.leases.take({ ...lease('z1', ofKey(bucket, 'b')), expiresMs: 9000 })
        await remove(store, bucket, 'b')
        assert.equal((await drain(store)).length, 1)
        assert.equal(await store.leases.expire(8999), 0)
        await store.leases.letGo('z1')
        assert.equal((await drain(store)).length, 2)
      }))

    test('a sealed lease does not hold what was committed later; an open one does', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['a'])
        const id = manifestId(1)
        await store.manifests.begin({ manifestId: id, tenantId, scope: 's', nowMs: 1 })
        await store.leases.take(lease(id, below(bucket, '')))
        await putAll(store, bucket, ['b'])
        await store.manifests.seal(id, summary)
        await putAll(store, bucket, ['c'])
        await put(store, bucket, 'b', { data: chunks(chunk('b2', 1)) })
        await store.objects.setTags(bucket, 'a', { tags: [{ key: 'k', value: 'v' }] })
        await store.objects.setTags(bucket, 'c', { tags: [{ key: 'k', value: 'v' }] })
        await removeAll(store, bucket, ['a', 'b', 'c'])
        const released = [blobName(chunk('b2', 1)), blobName(chunk('c', 1))]
        assert.deepEqual([...(await drain(store))].sort(), released.sort())
        assert.equal(await store.outbox.depthEstimate(), 2)
      }))

    test('a narrowed lease lets go of what it does not name, and keeps what it does', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['a', 'b', 'c', 'd'])
        const { rowId } = await rowOf(store, bucket, 'a')
        const rows = [{ is: 'row' as const, bucketId: bucket.id, key: 'a', rowId }]
        await store.leases.take(lease('r', everything))
        await removeAll(store, bucket, ['a', 'b'])
        assert.deepEqual(await drain(store), [])
        const narrowed = { leaseId: 'r', expiresMs: 9000, scopes: [...rows, ofKey(bucket, 'c')] }
        assert.deepEqual(await store.leases.narrow(narrowed), { is: 'narrowed' })
        assert.deepEqual(await drain(store), ['3e23e816/1'])
        await removeAll(store, bucket, ['c', 'd'])
        assert.deepEqual(await drain(store), ['18ac3e73/1'])
        await store.leases.narrow({ ...narrowed, scopes: rows })
        assert.deepEqual(await drain(store), ['2e7d2c03/1'])
        assert.equal(await store.leases.expire(8999), 0)
        await store.leases.letGo('r')
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('a lease is narrowed to thousands of keys as to a few', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const keys = Array.from({ length: 1300 }, (_, i) => `k${i}`)
        const some = ['k0', 'k600', 'k1299', 'other']
        await putAll(store, bucket, some)
        await store.leases.take(lease('z1', below(bucket, '')))
        await removeAll(store, bucket, some.slice(0, 2))
        const scopes = keys.map((key) => ofKey(bucket, key))
        const narrowed = { leaseId: 'z1', expiresMs: 9000, scopes }
        assert.deepEqual(await store.leases.narrow(narrowed), { is: 'narrowed' })
        await removeAll(store, bucket, some.slice(2))
        assert.deepEqual(await drain(store), [blobName(chunk('other', 1))])
        assert.equal(await store.outbox.depthEstimate(), 3)
        assert.equal(await store.leases.expire(9001), 1)
        assert.equal((await drain(store)).length, 3)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('a lease that is handed over is held on by the other one', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['a', 'b', 'c', 'd'])
        await store.leases.take(lease('z1', ofKey(bucket, 'a'), ofKey(bucket, 'b')))
        await remove(store, bucket, 'a')
        await store.leases.take(lease('z2', ofKey(bucket, 'c')))
        assert.deepEqual(await store.leases.handOver('z1', 'z1'), { is: 'gone' })
        assert.deepEqual(await store.leases.handOver('z1', 'z2'), { is: 'handedOver' })
        assert.deepEqual(await store.leases.renew('z1', 9000), { is: 'gone' })
        await removeAll(store, bucket, ['b', 'c', 'd'])
        assert.equal((await drain(store)).length, 1)
        assert.deepEqual(await store.leases.holding('zip', { limit: 9 }), ['z2'])
        await store.leases.letGo('z2')
        assert.equal((await drain(store)).length, 3)
      }))

    test('a lease of thousands of keys covers each of them, and its end leaves nothing behind', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const keys = Array.from({ length: 2000 }, (_, i) => `k${i}`)
        await store.leases.take(lease('z1', ...keys.map((key) => ofKey(bucket, key))))
        for (const key of ['k0', 'k499', 'k500', 'k1999', 'other']) {
          await put(store, bucket, key)
          await remove(store, bucket, key)
        }
        assert.equal(await store.outbox.depthEstimate(), 4)
        await store.leases.letGo('z1')
        await drain(store)
        assert.equal(await store.outbox.depthEstimate(), 0)
        await putAll(store, bucket, ['k1'])
        await remove(store, bucket, 'k1')
        assert.equal((await drain(store)).length, 1)
      }))
  })
}
