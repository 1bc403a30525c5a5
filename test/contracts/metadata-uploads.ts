// Contract of `UploadStore`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { drawUploadId } from '../../metadata/draw-upload-id.ts'
import type {
  BucketRef,
  MetadataStore,
  NewUpload,
  UploadRef,
} from '../../metadata/metadata-store.ts'
import type { Upload, VersioningStatus } from '../../metadata/records.ts'
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

export function newUpload(key: string, initiatedMs = 1_700_000_000_000): NewUpload {
  return {
    key,
    initiatedMs,
    headers: { contentType: 'a/b' },
    userMetadata: { a: '1' },
    tags: [{ key: 't', value: 'v' }],
    storageClass: 'STANDARD',
    checksum: { algorithm: 'SHA256', type: 'COMPOSITE' },
  }
}

async function begin(
  store: MetadataStore,
  bucket: BucketRef,
  key: string,
  initiatedMs?: number,
): Promise<Upload> {
  const made = await store.uploads.create(bucket, newUpload(key, initiatedMs))
  assert.ok(made.is === 'created')
  return made.upload
}

/** A part of one chunk, or inline; its size is its number. */
function part(number: number, options: { chunk?: string; body?: string } = {}) {
  const body = options.body ?? `${number}`
  return {
    number,
    size: number,
    etag: etagOf(body),
    crc32: number,
    modifiedMs: 5,
    data: options.chunk
      ? chunks(chunk(options.chunk, number))
      : { is: 'inline' as const, sealed: Buffer.from(body) },
  }
}

function completion(bucket: BucketRef, upload: UploadRef, numbers: readonly number[]) {
  const parts = numbers.map((number) => ({ number, etag: etagOf(`${number}`), size: number }))
  const { data: _, ...content } = newVersion(bucket, upload.key).content
  return { bucket, upload, parts, content, nowMs: 1_700_000_000_000 }
}

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
          const page = await store.uploads.listParts(upload, { after, limit })
          return [...page.parts.map((listed) => listed.number), page.isTruncated]
        }
        assert.deepEqual(await numbers(0, 4), [1, 2, 300, 10_000, false])
        assert.deepEqual(await numbers(0, 2), [1, 2, true])
        assert.deepEqual(await numbers(2, 2), [300, 10_000, false])
        assert.deepEqual(await numbers(10_000, 2), [false])
        assert.deepEqual(await numbers(99_999, 2), [false])
        assert.deepEqual(await numbers(0, 0), [false])
        const { parts } = await store.uploads.listParts(upload, { after: 0, limit: 2 })
        const [first, second] = [part(1), part(2)].map(({ data: _, ...listed }) => listed)
        assert.deepEqual(parts[0], { ...first, checksum, crc64nvme: 'BBBB' })
        assert.deepEqual(parts[1], { ...second, checksum })
        const pieces = await store.uploads.readPieces(upload.uploadId, [300, 1])
        assert.deepEqual(
          pieces.map((piece) => piece.is === 'inline' && `${piece.sealed}`),
          ['300', '1'],
        )
        await assert.rejects(() => store.uploads.readPieces(upload.uploadId, [3]))
      }))

    test('a part put again replaces the first, whose chunks are released', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'a' }))
        await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'b', body: 'new' }))
        const { parts } = await store.uploads.listParts(upload, { after: 0, limit: 9 })
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

    for (const versioning of ['off', 'enabled', 'suspended'] satisfies VersioningStatus[]) {
      test(`completing makes the version current, whose data is the parts named (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          await put(store, bucket, 'k', { body: 'old', data: chunks(chunk('old', 1)) })
          const upload = await begin(store, bucket, 'k')
          for (const number of [1, 2, 5, 7]) {
            await store.uploads.commitPart(
              bucket,
              upload,
              part(number, { chunk: `c${number}`, body: `${number}` }),
            )
          }
          const answer = await store.uploads.complete(completion(bucket, upload, [1, 5]))
          assert.ok(answer.is === 'committed')
          assert.equal(answer.versionId === 'null', versioning !== 'enabled')
          assert.equal(answer.versioning, versioning)
          const found = await store.objects.get(bucket, 'k')
          assert.ok(found?.is === 'object')
          assert.deepEqual(found.data, {
            is: 'parts',
            uploadId: upload.uploadId,
            parts: [
              { number: 1, size: 1 },
              { number: 5, size: 5 },
            ],
          })
          assert.equal((await store.uploads.readPieces(upload.uploadId, [1, 5])).length, 2)
          assert.equal(await store.uploads.get(bucket, upload), undefined)
          assert.deepEqual((await store.uploads.list(bucket, { prefix: '', limit: 9 })).entries, [])
          const released = (await drain(store)).map((blob) => blob.split('/')[1])
          const old = versioning === 'enabled' ? [] : ['1']
          assert.deepEqual([...released].sort(), [...old, '2', '7'])
          const { parts } = await store.uploads.listParts(upload, { after: 0, limit: 9 })
          assert.deepEqual(
            parts.map((listed) => listed.number),
            [1, 5],
          )
        }))
    }

    test('completing is refused when a part is missing, or has changed', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        await store.uploads.commitPart(bucket, upload, part(1))
        await store.uploads.commitPart(bucket, upload, part(2, { body: 'changed' }))
        const complete = (numbers: readonly number[]) =>
          store.uploads.complete(completion(bucket, upload, numbers))
        assert.deepEqual(await complete([1, 2]), { is: 'partChanged', number: 2 })
        assert.deepEqual(await complete([1, 3]), { is: 'partChanged', number: 3 })
        assert.equal(await look(store, bucket, 'k'), undefined)
        assert.equal(
          (await store.uploads.listParts(upload, { after: 0, limit: 9 })).parts.length,
          2,
        )
        assert.equal((await complete([1])).is, 'committed')
      }))

    test('completing asks its condition of the current version', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        await store.uploads.commitPart(bucket, upload, part(1))
        const wanted = completion(bucket, upload, [1])
        const absent = await store.uploads.complete({ ...wanted, condition: { ifMatch: '*' } })
        assert.deepEqual(absent, { is: 'noSuchKey' })
        await put(store, bucket, 'k')
        const there = await store.uploads.complete({ ...wanted, condition: { ifNoneMatch: '*' } })
        assert.deepEqual(there, { is: 'preconditionFailed' })
        const met = await store.uploads.complete({
          ...wanted,
          condition: { ifMatch: [etagOf('k')] },
        })
        assert.equal(met.is, 'committed')
      }))

    test('a completion repeated answers the same, for as long as its version is there', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const upload = await begin(store, bucket, 'k')
        for (const number of [1, 2]) await store.uploads.commitPart(bucket, upload, part(number))
        const wanted = completion(bucket, upload, [1, 2])
        const first = await store.uploads.complete(wanted)
        assert.ok(first.is === 'committed')
        await put(store, bucket, 'k', { body: 'newer' })
        assert.deepEqual(await store.uploads.complete(wanted), first)
        assert.deepEqual(
          await store.uploads.complete({ ...wanted, condition: { ifNoneMatch: '*' } }),
          first,
        )
        assert.equal(await look(store, bucket, 'k'), etagOf('newer'))
        const done = await store.uploads.completed(bucket, upload)
        assert.equal(done?.version.versionId, first.versionId)
        assert.deepEqual(
          done?.parts,
          wanted.parts.map(({ number, etag }) => ({ number, etag })),
        )
        const fewer = await store.uploads.complete(completion(bucket, upload, [1]))
        assert.notEqual(fewer.is, 'committed')
        await remove(store, bucket, 'k', first.versionId)
        assert.deepEqual(await store.uploads.complete(wanted), { is: 'noSuchUpload' })
        assert.equal(await store.uploads.completed(bucket, upload), undefined)
        await drain(store)
        assert.deepEqual(await store.uploads.complete(wanted), { is: 'noSuchUpload' })
        await assert.rejects(() => store.uploads.readPieces(upload.uploadId, [1]))
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
        assert.deepEqual(await store.uploads.complete(completion(bucket, upload, [1])), none)
        assert.equal((await drain(store)).length, 2)
        assert.equal(
          (await store.uploads.listParts(upload, { after: 0, limit: 9 })).parts.length,
          0,
        )
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
        const late = await store.uploads.complete(completion(bucket, upload, [1]))
        assert.deepEqual(late, { is: 'noSuchBucket' })
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await store.uploads.get(bucket, upload), undefined)
      }))

    test('10,000 parts complete, read back and are released', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const numbers = Array.from({ length: 10_000 }, (_, i) => i + 1)
        await Promise.all(
          numbers.map((number) =>
            store.uploads.commitPart(
              bucket,
              upload,
              part(number, { chunk: `c${number}`, body: `${number}` }),
            ),
          ),
        )
        const answer = await store.uploads.complete(completion(bucket, upload, numbers))
        assert.equal(answer.is, 'committed')
        const found = await store.objects.get(bucket, 'k')
        assert.ok(found?.is === 'object' && found.data.is === 'parts')
        assert.equal(found.data.parts.length, 10_000)
        await remove(store, bucket, 'k')
        assert.equal((await drain(store)).length, 10_000)
      }))
  })
}
