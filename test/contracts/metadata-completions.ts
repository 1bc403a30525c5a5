// Contract of `UploadStore.complete`.
import assert from 'node:assert/strict'
import type { VersioningStatus } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import {
  chunk,
  chunks,
  drain,
  etagOf,
  listId,
  look,
  makeBucket,
  type OpenStore,
  processOwner,
  put,
  releaseWhole,
  remove,
  withStore,
} from './metadata-fixture.ts'
import { begin, completion, pageOfParts, part } from './metadata-upload-fixture.ts'

export function completionsContract(name: string, open: OpenStore): void {
  describe(`${name}: completing uploads`, (test) => {
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
          const answer = await store.uploads.complete(
            await completion(store, { bucket, upload }, [1, 5]),
          )
          assert.ok(answer.is === 'committed')
          assert.equal(answer.versionId === 'null', versioning !== 'enabled')
          assert.equal(answer.versioning, versioning)
          const found = await store.objects.get(bucket, 'k')
          assert.ok(found?.is === 'object')
          assert.deepEqual(found.data, {
            is: 'parts',
            bucketId: bucket.id,
            key: 'k',
            uploadId: upload.uploadId,
            parts: [
              { number: 1, size: 1 },
              { number: 5, size: 5 },
            ],
          })
          assert.equal((await store.uploads.readParts(found.data, [1, 5])).length, 2)
          assert.equal(await store.uploads.get(bucket, upload), undefined)
          assert.deepEqual((await store.uploads.list(bucket, { prefix: '', limit: 9 })).entries, [])
          const released = (await drain(store)).map((blob) => blob.split('/')[1])
          const old = versioning === 'enabled' ? [] : ['1']
          assert.deepEqual([...released].sort(), [...old, '2', '7'])
          const left = await store.uploads.readParts(found.data, [1, 5])
          assert.deepEqual(
            left.map(({ number }) => number),
            [1, 5],
          )
          for (const number of [2, 7]) {
            await assert.rejects(() => store.uploads.readParts(upload, [number]))
          }
        }))
    }

    test('completing is refused when a part was committed since the parts were read', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const place = { bucket, upload }
        await store.uploads.commitPart(bucket, upload, part(1))
        await store.uploads.commitPart(bucket, upload, part(2))
        for (const changed of [part(2, { body: 'changed' }), part(3), part(1)]) {
          const wanted = await completion(store, place, [1, 2])
          await store.uploads.commitPart(bucket, upload, changed)
          assert.deepEqual(await store.uploads.complete(wanted), { is: 'partsChanged' })
        }
        assert.equal(await look(store, bucket, 'k'), undefined)
        assert.equal((await pageOfParts(store, place)).parts.length, 3)
        const again = await store.uploads.complete(await completion(store, place, [1]))
        assert.equal(again.is, 'committed')
      }))

    test('pages of parts tell whether a part was committed between them', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const place = { bucket, upload }
        for (const number of [1, 2]) await store.uploads.commitPart(bucket, upload, part(number))
        const revisionAt = async (after: number) =>
          (await pageOfParts(store, place, { after, limit: 1 })).revision
        const first = await revisionAt(0)
        assert.equal(await revisionAt(1), first)
        await store.uploads.commitPart(bucket, upload, part(1))
        assert.notEqual(await revisionAt(1), first)
      }))

    test('parts that a completion does not name are released, however many, and lists among them', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const numbers = Array.from({ length: 1500 }, (_, i) => i + 1)
        const list = { is: 'list' as const, listId: listId('l') }
        const claims = Array.from({ length: 100 }, (_, i) => chunk(`l${i}`, 1))
        const extension = {
          tenantId: bucket.tenantId,
          listId: list.listId,
          owner: processOwner,
          offset: 0,
        }
        await store.chunks.extendList({ ...extension, chunks: claims })
        await Promise.all(
          numbers.map((number) => {
            const fresh = part(number, { chunk: `c${number}` })
            const data = number === 700 ? list : fresh.data
            return store.uploads.commitPart(bucket, upload, { ...fresh, data })
          }),
        )
        const named = numbers.filter((number) => number % 3 === 0)
        const wanted = await completion(store, { bucket, upload }, named)
        assert.equal((await store.uploads.complete(wanted)).is, 'committed')
        assert.equal((await drain(store)).length, 999 + 100)
        assert.equal((await store.uploads.readParts(upload, named)).length, 500)
        await assert.rejects(() => store.uploads.readParts(upload, [1]))
        await remove(store, bucket, 'k')
        assert.equal((await drain(store)).length, 500)
      }))

    test('a version that is deleted before its unnamed parts are released takes them along', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        for (const number of [1, 2, 3]) {
          const fresh = part(number, { chunk: `c${number}` })
          await store.uploads.commitPart(bucket, upload, fresh)
        }
        await store.uploads.complete(await completion(store, { bucket, upload }, [2]))
        await remove(store, bucket, 'k')
        const claim = {
          kinds: ['release'],
          owner: processOwner,
          leaseMs: 60_000,
          limit: 9,
        } as const
        const tasks = [...(await store.outbox.claim(claim))]
        assert.equal(tasks.length, 2)
        for (const task of tasks.reverse()) await releaseWhole(store, task)
        assert.equal((await drain(store)).length, 3)
      }))

    test('completing asks its condition of the current version', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        await store.uploads.commitPart(bucket, upload, part(1))
        const wanted = await completion(store, { bucket, upload }, [1])
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
        const wanted = await completion(store, { bucket, upload }, [1, 2])
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
        assert.equal(done?.versionId, first.versionId)
        assert.deepEqual(done?.data.is === 'parts' && done.data.parts, wanted.parts)
        const fewer = await store.uploads.complete({ ...wanted, parts: wanted.parts.slice(0, 1) })
        assert.notEqual(fewer.is, 'committed')
        const content = { ...wanted.content, etag: etagOf('of other parts') }
        const others = await store.uploads.complete({ ...wanted, content })
        assert.notEqual(others.is, 'committed')
        await remove(store, bucket, 'k', first.versionId)
        assert.deepEqual(await store.uploads.complete(wanted), { is: 'noSuchUpload' })
        assert.equal(await store.uploads.completed(bucket, upload), undefined)
        await drain(store)
        assert.deepEqual(await store.uploads.complete(wanted), { is: 'noSuchUpload' })
        await assert.rejects(() => store.uploads.readParts(upload, [1]))
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
        const answer = await store.uploads.complete(
          await completion(store, { bucket, upload }, numbers),
        )
        assert.equal(answer.is, 'committed')
        const found = await store.objects.get(bucket, 'k')
        assert.ok(found?.is === 'object' && found.data.is === 'parts')
        assert.equal(found.data.parts.length, 10_000)
        await remove(store, bucket, 'k')
        assert.equal((await drain(store)).length, 10_000)
      }))
  })
}
