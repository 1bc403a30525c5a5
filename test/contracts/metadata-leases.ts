// Contract of `LeaseStore`: what is deleted waits for the leases that cover it, and for no other.
import assert from 'node:assert/strict'
import type { Lease, LeaseScope } from '../../metadata/lease-store.ts'
import type { ManifestId } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import type { Bucket, ObjectVersion } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import {
  blobName,
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

function lease(leaseId: string, ...scopes: readonly LeaseScope[]): Lease {
  return { leaseId, purpose: 'zip', expiresMs: 1000, scopes }
}

const everything = { is: 'everything' } as const

function below({ id }: Bucket, prefix: string): LeaseScope {
  return { is: 'prefix', bucketId: id, prefix }
}

function ofKey({ id }: Bucket, key: string): LeaseScope {
  return { is: 'key', bucketId: id, key }
}

/** Objects of one chunk each, named as the key. */
async function putAll(store: MetadataStore, bucket: Bucket, keys: readonly string[]) {
  for (const key of keys) await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
}

async function removeAll(store: MetadataStore, bucket: Bucket, keys: readonly string[]) {
  for (const key of keys) await remove(store, bucket, key)
}

async function rowOf(store: MetadataStore, bucket: Bucket, key: string): Promise<ObjectVersion> {
  const version = await store.objects.get(bucket, key)
  assert.ok(version?.is === 'object')
  return version
}

/** Those of the keys whose deleted rows are still there once all is released that may be. */
async function heldOf(
  store: MetadataStore,
  bucket: Bucket,
  rows: ReadonlyMap<string, ObjectVersion>,
): Promise<readonly string[]> {
  await drain(store)
  const held: string[] = []
  for (const [key, { rowId }] of rows) {
    if ((await store.objects.getRow(bucket.id, key, rowId)) !== undefined) held.push(key)
  }
  return held
}

/** Puts the keys, takes the leases, removes the keys, and answers which are held. */
async function heldBy(
  store: MetadataStore,
  bucket: Bucket,
  taking: { readonly keys: readonly string[]; readonly leases: readonly Lease[] },
): Promise<readonly string[]> {
  const { keys, leases } = taking
  await putAll(store, bucket, keys)
  const rows = new Map<string, ObjectVersion>()
  for (const key of keys) rows.set(key, await rowOf(store, bucket, key))
  for (const each of leases) await store.leases.take(each)
  await removeAll(store, bucket, keys)
  return heldOf(store, bucket, rows)
}

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
        assert.equal(await store.outbox.depth(), 2)
        await store.leases.letGo('z1')
        assert.equal((await drain(store)).length, 1)
        assert.equal(await store.objects.getRow(bucket.id, 'after', after.rowId), undefined)
        assert.equal(await store.objects.getRow(bucket.id, 'inline', inline.rowId), undefined)
        assert.equal(await store.outbox.depth(), 0)
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
        assert.equal(await store.outbox.depth(), 0)
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
        assert.equal(await store.outbox.depth(), 2)
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
        assert.equal(await store.outbox.depth(), 0)
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
        assert.equal(await store.outbox.depth(), 2)
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
        assert.equal(await store.outbox.depth(), 0)
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
        assert.deepEqual(await store.leases.holding('zip'), ['z2'])
        await store.leases.letGo('z2')
        assert.equal((await drain(store)).length, 3)
      }))

    test('the leases that something waits for are told, by their purpose', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await putAll(store, bucket, ['a'])
        await store.leases.take(lease('z1', below(bucket, 'b')))
        await store.leases.take({ ...lease('b1', below(bucket, 'a')), purpose: 'bundle' })
        await remove(store, bucket, 'a')
        assert.deepEqual(await store.leases.holding('zip'), [])
        assert.deepEqual(await store.leases.holding('bundle'), ['b1'])
        await store.leases.letGo('b1')
        assert.deepEqual(await store.leases.holding('bundle'), [])
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
        assert.equal(await store.outbox.depth(), 4)
        await store.leases.letGo('z1')
        await drain(store)
        assert.equal(await store.outbox.depth(), 0)
        await putAll(store, bucket, ['k1'])
        await remove(store, bucket, 'k1')
        assert.equal((await drain(store)).length, 1)
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
        const tasks = await store.outbox.next(1)
        assert.equal(tasks.length, 1)
        assert.equal((await drain(store)).length, 1)
        assert.equal(await store.outbox.depth(), keys.length)
        await store.leases.letGo('z1')
        await drain(store)
        assert.equal(await store.outbox.depth(), 0)
      }))
  })
}
