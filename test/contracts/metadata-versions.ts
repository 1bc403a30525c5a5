// Contract of versioning: its three states, delete markers and the null version, by S3's rules.
import assert from 'node:assert/strict'
import type { BucketRef, MetadataStore } from '../../metadata/metadata-store.ts'
import { describe } from '../support/describe.ts'
import {
  chunk,
  chunks,
  drain,
  etagOf,
  look,
  makeBucket,
  type OpenStore,
  put,
  remove,
  withStore,
} from './metadata-fixture.ts'

/** All versions of the bucket as short words, newest first: `k:one`, `k:marker`; `*` if latest. */
async function history(store: MetadataStore, bucket: BucketRef): Promise<readonly string[]> {
  const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 1000 })
  return entries.map((entry) => {
    if (entry.is === 'prefix') return entry.prefix
    const what = entry.is === 'object' ? `${entry.size}` : 'marker'
    const id = entry.versionId === 'null' ? 'null' : 'id'
    return `${entry.key}:${what}:${id}${entry.isLatest ? '*' : ''}`
  })
}

/** Objects of as many bytes as told: the size is what `history` shows. */
const sized = (size: number, nowMs = 1000) => ({ size, body: `${size}`, nowMs })

export function versionsContract(name: string, open: OpenStore): void {
  describe(`${name}: versions`, (test) => {
    test('enabled: every put adds a version, and each is found by its id', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        const first = await put(store, bucket, 'k', sized(1))
        const second = await put(store, bucket, 'k', sized(2))
        assert.match(first.versionId, /^[0-9a-f]{32}$/)
        assert.ok(second.versionId < first.versionId, 'ids sort newest first')
        assert.deepEqual(await history(store, bucket), ['k:2:id*', 'k:1:id'])
        assert.equal(await look(store, bucket, 'k', first.versionId), etagOf('1'))
        assert.equal(await look(store, bucket, 'k'), etagOf('2'))
        assert.equal(await look(store, bucket, 'k', 'null'), undefined)
        assert.equal(await look(store, bucket, 'other', first.versionId), undefined)
      }))

    test('enabled: a delete puts a marker on top, also where there is no object', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        await put(store, bucket, 'k', sized(1))
        const marker = await remove(store, bucket, 'k')
        assert.ok(marker.deleteMarker && marker.versionId !== undefined)
        await remove(store, bucket, 'nothing')
        assert.deepEqual(await history(store, bucket), [
          'k:marker:id*',
          'k:1:id',
          'nothing:marker:id*',
        ])
        assert.equal(await look(store, bucket, 'k'), 'marker')
        assert.equal(await look(store, bucket, 'k', marker.versionId), 'marker')
        assert.deepEqual((await store.objects.list(bucket, { prefix: '', limit: 9 })).entries, [])
      }))

    test('removing the marker brings the object back', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        await put(store, bucket, 'k', sized(1))
        const marker = await remove(store, bucket, 'k')
        const answer = await remove(store, bucket, 'k', marker.versionId)
        assert.deepEqual(answer, {
          is: 'deleted',
          versioning: 'enabled',
          versionId: marker.versionId,
          deleteMarker: true,
        })
        assert.equal(await look(store, bucket, 'k'), etagOf('1'))
        const { entries } = await store.objects.list(bucket, { prefix: '', limit: 9 })
        assert.equal(entries.length, 1)
      }))

    test('removing the current version makes the next newest current, be it a marker', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        const listed = async () =>
          (await store.objects.list(bucket, { prefix: '', limit: 9 })).entries.length
        await put(store, bucket, 'k', sized(1))
        await remove(store, bucket, 'k')
        const third = await put(store, bucket, 'k', sized(3))
        const fourth = await put(store, bucket, 'k', sized(4))
        await remove(store, bucket, 'k', fourth.versionId)
        assert.equal(await look(store, bucket, 'k'), etagOf('3'))
        assert.equal(await listed(), 1)
        await remove(store, bucket, 'k', third.versionId)
        assert.equal(await look(store, bucket, 'k'), 'marker')
        assert.equal(await listed(), 0)
        assert.deepEqual(await history(store, bucket), ['k:marker:id*', 'k:1:id'])
      }))

    test('removing an older version leaves the current one alone', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        const first = await put(store, bucket, 'k', sized(1))
        await put(store, bucket, 'k', sized(2))
        await remove(store, bucket, 'k', first.versionId)
        assert.deepEqual(await history(store, bucket), ['k:2:id*'])
        const again = await remove(store, bucket, 'k', first.versionId)
        assert.equal(again.versionId, undefined)
      }))

    test('enabling keeps the object from before as the null version', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b')
        await put(store, bucket, 'k', sized(1))
        await store.buckets.setVersioning(bucket, 'enabled')
        await put(store, bucket, 'k', sized(2))
        assert.deepEqual(await history(store, bucket), ['k:2:id*', 'k:1:null'])
        assert.equal(await look(store, bucket, 'k', 'null'), etagOf('1'))
        const removed = await remove(store, bucket, 'k', 'null')
        assert.equal(removed.versionId, 'null')
        assert.deepEqual(await history(store, bucket), ['k:2:id*'])
      }))

    test('suspended: a put replaces the null version and keeps all others', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b')
        await put(store, bucket, 'k', { ...sized(1), data: chunks(chunk('a', 1)) })
        await store.buckets.setVersioning(bucket, 'enabled')
        await put(store, bucket, 'k', sized(2))
        await store.buckets.setVersioning(bucket, 'suspended')
        const third = await put(store, bucket, 'k', sized(3))
        assert.deepEqual([third.versionId, third.versioning], ['null', 'suspended'])
        assert.deepEqual(await history(store, bucket), ['k:3:null*', 'k:2:id'])
        assert.deepEqual(await drain(store), ['ca978112/1'])
        await put(store, bucket, 'k', sized(4))
        assert.deepEqual(await history(store, bucket), ['k:4:null*', 'k:2:id'])
      }))

    test('suspended: a delete puts a null marker in place of the null version', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        await put(store, bucket, 'k', sized(1))
        await store.buckets.setVersioning(bucket, 'suspended')
        await put(store, bucket, 'k', sized(2))
        const marker = await remove(store, bucket, 'k')
        assert.deepEqual([marker.versionId, marker.deleteMarker], ['null', true])
        assert.deepEqual(await history(store, bucket), ['k:marker:null*', 'k:1:id'])
        await remove(store, bucket, 'k')
        assert.deepEqual(await history(store, bucket), ['k:marker:null*', 'k:1:id'])
        await put(store, bucket, 'k', sized(3))
        assert.deepEqual(await history(store, bucket), ['k:3:null*', 'k:1:id'])
        await remove(store, bucket, 'k', 'null')
        assert.deepEqual(await history(store, bucket), ['k:1:id*'])
      }))

    test('enabled again: the null version stays under what is put on top', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'suspended')
        await put(store, bucket, 'k', sized(1))
        await store.buckets.setVersioning(bucket, 'enabled')
        await put(store, bucket, 'k', sized(2))
        await put(store, bucket, 'k', sized(3))
        assert.deepEqual(await history(store, bucket), ['k:3:id*', 'k:2:id', 'k:1:null'])
        await store.buckets.setVersioning(bucket, 'suspended')
        await put(store, bucket, 'k', sized(4))
        assert.deepEqual(await history(store, bucket), ['k:4:null*', 'k:3:id', 'k:2:id'])
      }))

    test('the row id of a null version is no version id', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b')
        await put(store, bucket, 'k')
        const found = await store.objects.get(bucket, 'k')
        const { parseVersionId } = await import('../../metadata/record-ids.ts')
        const rowId = parseVersionId(found?.rowId ?? '')
        assert.ok(rowId !== undefined)
        assert.equal(await look(store, bucket, 'k', rowId), undefined)
      }))

    test('versions are ordered by commit, whatever the clock says', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        for (const [size, nowMs] of [
          [1, 5000],
          [2, 5000],
          [3, 10],
          [4, 4_000_000],
          [5, 4_000_000],
          [6, 0],
        ] as const) {
          await put(store, bucket, 'k', sized(size, nowMs))
        }
        const sizes = (await history(store, bucket)).map((word) => word.split(':')[1])
        assert.deepEqual(sizes, ['6', '5', '4', '3', '2', '1'])
        assert.equal(await look(store, bucket, 'k'), etagOf('6'))
      }))

    test('tags are set on the version named, and not on a marker', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'b', 'enabled')
        const first = await put(store, bucket, 'k', sized(1))
        await put(store, bucket, 'k', sized(2))
        const tags = [{ key: 'a', value: 'b' }]
        const { versionId } = first
        const answer = await store.objects.setTags(bucket, 'k', { versionId, tags })
        assert.deepEqual(answer, { is: 'done', versionId })
        const tagsOf = async (id?: typeof versionId) => {
          const found = await store.objects.get(bucket, 'k', id)
          return found?.is === 'object' ? found.tags : undefined
        }
        assert.deepEqual(await tagsOf(versionId), tags)
        assert.deepEqual(await tagsOf(), [])
        await remove(store, bucket, 'k')
        const onMarker = await store.objects.setTags(bucket, 'k', { tags })
        assert.deepEqual(onMarker, { is: 'deleteMarker' })
        const missing = await store.objects.setTags(bucket, 'k', { versionId: 'null', tags })
        assert.deepEqual(missing, { is: 'noSuchVersion' })
      }))
  })
}
