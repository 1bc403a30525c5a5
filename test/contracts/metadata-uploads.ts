// Contract of `UploadStore`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { drawUploadId } from '../../metadata/draw-upload-id.ts'
import { describe } from '../support/describe.ts'
import { drain, etagOf, makeBucket, type OpenStore, withStore } from './metadata-fixture.ts'
import {
  begin,
  completion,
  newUpload,
  pageOfParts,
  part,
  withoutData,
} from './metadata-upload-fixture.ts'

export function uploadsContract(name: string, open: OpenStore): void {
  describe(`${name}: uploads`, (test) => {
    test('an upload takes the id that was drawn for it beforehand', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const uploadId = drawUploadId(5_000, randomBytes)
        const fresh = { ...newUpload('k', 5_000), uploadId }
        const made = await store.uploads.create(bucket, fresh)
        assert.ok(made.is === 'created' && made.upload.uploadId === uploadId)
        const found = await store.uploads.get(bucket, { key: 'k', uploadId })
        assert.deepEqual(found, made.upload)
        const stale = { initiatedBeforeMs: 5_001, limit: 10 }
        assert.equal(await store.uploads.abortStale(stale), 1)
      }))

    test('an upload comes back as created, under its own key only', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        assert.match(upload.uploadId, /^[0-9a-f]{32}$/)
        assert.deepEqual(upload, {
          ...newUpload('k'),
          bucketId: bucket.id,
          tenantId: bucket.tenantId,
          uploadId: upload.uploadId,
        })
        assert.deepEqual(await store.uploads.get(bucket, upload), upload)
        assert.equal(await store.uploads.get(bucket, { ...upload, key: 'other' }), undefined)
      }))

    test('parts list in order and page, without their data; pieces give the data', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const checksum = { algorithm: 'CRC32C' as const, value: 'AAAA' }
        for (const number of [10_000, 2, 1, 300]) {
          const fresh = {
            ...part(number),
            checksum,
            ...(number === 1 ? { crc64nvme: 'BBBB' } : {}),
          }
          assert.deepEqual(await store.uploads.commitPart(bucket, upload, fresh), {
            is: 'committed',
          })
        }
        const numbers = async (after: number, limit: number) => {
          const page = await pageOfParts(store, { bucket, upload }, { after, limit })
          return [...page.parts.map((listed) => listed.number), page.isTruncated]
        }
        assert.deepEqual(await numbers(0, 4), [1, 2, 300, 10_000, false])
        assert.deepEqual(await numbers(0, 2), [1, 2, true])
        assert.deepEqual(await numbers(2, 2), [300, 10_000, false])
        assert.deepEqual(await numbers(10_000, 2), [false])
        assert.deepEqual(await numbers(99_999, 2), [false])
        assert.deepEqual(await numbers(0, 0), [false])
        const { parts } = await pageOfParts(store, { bucket, upload }, { after: 0, limit: 2 })
        const [first, second] = [part(1), part(2)].map(withoutData)
        assert.deepEqual(parts[0], { ...first, checksum, crc64nvme: 'BBBB' })
        assert.deepEqual(parts[1], { ...second, checksum })
        const read = await store.uploads.readParts(upload, [300, 1])
        assert.deepEqual(
          read.map(({ data }) => data.is === 'inline' && `${data.sealed}`),
          ['300', '1'],
        )
        assert.deepEqual(withoutData(read[1]), parts[0])
        await assert.rejects(() => store.uploads.readParts(upload, [3]))
      }))

    test('a part put again replaces the first, whose chunks are released', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'a' }))
        await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'b', body: 'new' }))
        const { parts } = await pageOfParts(store, { bucket, upload })
        assert.deepEqual(
          parts.map((listed) => listed.etag),
          [etagOf('new')],
        )
        assert.deepEqual(await drain(store), ['ca978112/1'])
      }))

    test('uploads list by key, then by time, and page within a key', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const [key, time] of [
          ['b', 3],
          ['b', 1],
          ['a/x', 9],
          ['b', 2],
          ['c', 1],
        ] as const) {
          await begin(store, bucket, key, time)
        }
        const query = { prefix: '', limit: 10 }
        const { entries } = await store.uploads.list(bucket, query)
        const words = entries.map((entry) =>
          entry.is === 'prefix' ? entry.prefix : `${entry.key}${entry.initiatedMs}`,
        )
        assert.deepEqual(words, ['a/x9', 'b1', 'b2', 'b3', 'c1'])
        const first = await store.uploads.list(bucket, { ...query, limit: 2 })
        assert.equal(first.isTruncated, true)
        const last = first.entries[1]
        assert.ok(last?.is === 'upload')
        const rest = await store.uploads.list(bucket, {
          ...query,
          after: { key: last.key, group: false },
          afterUploadId: last.uploadId,
        })
        assert.deepEqual(rest, { entries: entries.slice(2), isTruncated: false })
        const past = await store.uploads.list(bucket, {
          ...query,
          after: { key: 'b', group: false },
        })
        assert.deepEqual(past.entries, entries.slice(4))
        const rolled = await store.uploads.list(bucket, { ...query, delimiter: '/', prefix: 'a' })
        assert.deepEqual(rolled.entries, [{ is: 'prefix', prefix: 'a/' }])
      }))

    test('an aborted upload is gone, and what its parts held is released', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        for (const number of [1, 2]) {
          await store.uploads.commitPart(bucket, upload, part(number, { chunk: `c${number}` }))
        }
        assert.deepEqual(await store.uploads.abort(bucket, upload), { is: 'aborted' })
        const none = { is: 'noSuchUpload' }
        assert.deepEqual(await store.uploads.abort(bucket, upload), none)
        assert.deepEqual(await store.uploads.commitPart(bucket, upload, part(3)), none)
        const late = await completion(store, { bucket, upload }, [1])
        assert.deepEqual(await store.uploads.complete(late), none)
        assert.equal((await drain(store)).length, 2)
        const page = { after: 0, limit: 9 }
        assert.deepEqual(await store.uploads.listParts(bucket, upload, page), none)
        await assert.rejects(() => store.uploads.readParts(upload, [1]))
      }))

    test('stale uploads are aborted by the time they began, a page at a time', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const time of [10, 20, 30]) await begin(store, bucket, `k${time}`, time)
        const abort = (initiatedBeforeMs: number, limit: number) =>
          store.uploads.abortStale({ initiatedBeforeMs, limit })
        assert.equal(await abort(10, 9), 0)
        assert.equal(await abort(30, 1), 1)
        assert.equal(await abort(30, 9), 1)
        assert.equal(await abort(30, 9), 0)
        const { entries } = await store.uploads.list(bucket, { prefix: '', limit: 9 })
        assert.equal(entries.length, 1)
      }))

    test('deleting the bucket aborts its uploads and releases their parts', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        await begin(store, bucket, 'without parts')
        await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'a' }))
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
        assert.deepEqual(await store.uploads.commitPart(bucket, upload, part(2)), {
          is: 'noSuchUpload',
        })
        const late = await store.uploads.complete(await completion(store, { bucket, upload }, [1]))
        assert.deepEqual(late, { is: 'noSuchBucket' })
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await store.uploads.get(bucket, upload), undefined)
      }))
  })
}
