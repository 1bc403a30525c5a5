// Contract of `ObjectStore` in unversioned buckets: what is stored, replaced and removed.
import assert from 'node:assert/strict'
import type { NewVersion } from '../../metadata/metadata-store.ts'
import { describe } from '../support/describe.ts'
import {
  chunk,
  chunks,
  drain,
  etagOf,
  look,
  makeBucket,
  newVersion,
  type OpenStore,
  put,
  remove,
  withStore,
} from './metadata-fixture.ts'

export function objectsContract(name: string, open: OpenStore): void {
  describe(`${name}: objects`, (test) => {
    test('an object comes back with everything that was committed', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const content: NewVersion['content'] = {
          size: 5_497_558_138_880,
          etag: `${etagOf('x')}-3`,
          crc32: 0xffff_ffff,
          checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' },
          headers: {
            contentType: 'a/b',
            cacheControl: 'no-store',
            contentDisposition: 'attachment',
            contentEncoding: 'gzip',
            contentLanguage: 'de',
            expires: 'never',
            websiteRedirectLocation: '/x',
          },
          userMetadata: { one: '1', __proto__: 'p', ü: '' },
          tags: [{ key: 'a', value: 'ä' }],
          storageClass: 'GLACIER',
          data: chunks(chunk('a', 2 ** 48 - 1), chunk('b', 0)),
        }
        const nowMs = 1_700_000_000_123
        const answer = await store.objects.commit({ bucket, key: 'k', content, nowMs })
        assert.deepEqual(answer, {
          is: 'committed',
          versionId: 'null',
          modifiedMs: nowMs,
          versioning: 'off',
        })
        const found = await store.objects.get(bucket, 'k')
        assert.ok(found?.is === 'object')
        const { rowId, ...rest } = found
        assert.match(rowId, /^[0-9a-f]{32}$/)
        const refs = [chunk('a', 2 ** 48 - 1), chunk('b', 0)].map(({ origin: _, ...ref }) => ref)
        assert.deepEqual(rest, {
          ...content,
          is: 'object',
          key: 'k',
          versionId: 'null',
          modifiedMs: nowMs,
          data: { is: 'chunks', chunks: refs },
        })
        assert.deepEqual(await store.objects.getRow(bucket.id, 'k', rowId), found)
        const { entries } = await store.objects.list(bucket, { prefix: '', limit: 1 })
        assert.deepEqual(entries, [
          {
            is: 'object',
            key: 'k',
            size: content.size,
            etag: content.etag,
            modifiedMs: nowMs,
            storageClass: 'GLACIER',
            checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' },
          },
        ])
      }))

    test('an empty object and the largest inline one come back byte for byte', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const bytes of [0, 1, 4096 + 28]) {
          const sealed = Buffer.alloc(bytes, 0xa5)
          await put(store, bucket, 'k', { data: { is: 'inline', sealed }, size: bytes })
          const found = await store.objects.get(bucket, 'k')
          assert.ok(found?.is === 'object' && found.data.is === 'inline')
          assert.deepEqual(Buffer.from(found.data.sealed), sealed)
        }
      }))

    test('keys of any bytes are told apart and keep byte order', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const keys = [
          'a',
          'a\u0000',
          'a\u0000b',
          'a\u0001',
          'a/../b',
          'ab',
          '\u0000',
          '\u007f',
          'é',
        ]
        keys.push(
          '\uffff',
          '\u{10000}',
          '\u0000'.repeat(1024),
          '\u0001'.repeat(1024),
          'z'.repeat(1024),
        )
        for (const key of keys) await put(store, bucket, key)
        for (const key of keys) assert.equal(await look(store, bucket, key), etagOf(key))
        const sorted = [...keys].sort((a, b) => Buffer.from(a).compare(Buffer.from(b)))
        const { entries } = await store.objects.list(bucket, { prefix: '', limit: 1000 })
        assert.deepEqual(
          entries.map((entry) => (entry.is === 'object' ? entry.key : '')),
          sorted,
        )
        for (const key of keys) await remove(store, bucket, key)
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
      }))

    test('putting a key again replaces the object, and its chunks are released', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'k', { body: 'one', data: chunks(chunk('a', 1)) })
        const old = await store.objects.get(bucket, 'k')
        await put(store, bucket, 'k', { body: 'two', data: chunks(chunk('b', 2)) })
        assert.equal(await look(store, bucket, 'k'), etagOf('two'))
        const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 9 })
        assert.equal(entries.length, 1)
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await store.objects.getRow(bucket.id, 'k', old?.rowId ?? ''), undefined)
      }))

    test('deleting removes the object and says so; again is success without an id', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'k')
        const done = { is: 'deleted', versioning: 'off', deleteMarker: false }
        assert.deepEqual(await remove(store, bucket, 'k'), { ...done, versionId: 'null' })
        assert.deepEqual(await remove(store, bucket, 'k'), done)
        assert.equal(await look(store, bucket, 'k'), undefined)
        assert.deepEqual(await remove(store, bucket, 'k', 'null'), done)
      }))

    test('inline data leaves nothing to do behind', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'k', { body: '1' })
        await put(store, bucket, 'k', { body: '2' })
        await remove(store, bucket, 'k')
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('tags are set without changing the time, and on nothing that is not there', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        assert.deepEqual(await store.objects.setTags(bucket, 'k', { tags: [] }), {
          is: 'noSuchVersion',
        })
        await put(store, bucket, 'k', { nowMs: 1000 })
        const before = await store.objects.get(bucket, 'k')
        const tags = [{ key: 'a', value: 'b' }]
        const answer = await store.objects.setTags(bucket, 'k', { tags })
        assert.deepEqual(answer, { is: 'done', versionId: 'null' })
        assert.deepEqual(await store.objects.get(bucket, 'k'), { ...before, tags })
      }))

    test('many writers of one key leave exactly one object and release all others', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            put(store, bucket, 'k', { data: chunks(chunk(`c${i}`, i + 1)) }),
          ),
        )
        const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 99 })
        assert.equal(entries.length, 1)
        assert.equal((await drain(store)).length, 49)
      }))

    test('commits under one key are only one after another, so that create-only wins once', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            store.objects.commit(
              newVersion(bucket, 'k', { body: `${i}`, condition: { ifNoneMatch: '*' } }),
            ),
          ),
        )
        assert.equal(answers.filter((answer) => answer.is === 'committed').length, 1)
      }))
  })
}
