// Contract of commit ids: a verb that is asked again after its answer was lost is done once, and answers as
// the first time, whatever happened in between.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type CommitId, commitMemoryMs, drawCommitId } from '../../metadata/commit-id.ts'
import { drawUploadId } from '../../metadata/draw-upload-id.ts'
import type { ManifestId } from '../../metadata/manifest-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
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
  newVersion,
  type OpenStore,
  processOwner,
  put,
  remove,
  withStore,
} from './metadata-fixture.ts'
import { begin, completion, newUpload, part } from './metadata-upload-fixture.ts'

const nowMs = 1_700_000_000_000
const statuses = ['off', 'enabled', 'suspended'] satisfies VersioningStatus[]

const summary = {
  etag: 'a'.repeat(32),
  crc32: 1,
  entries: 0,
  totalBytes: 22,
  directory: { offset: 0, bytes: 0 },
  modifiedMs: nowMs,
}

function manifestIdOf(number: number): ManifestId {
  const id = parseManifestId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

function named(): { readonly commitId: CommitId } {
  return { commitId: drawCommitId(nowMs, randomBytes) }
}

export function repeatsContract(name: string, open: OpenStore): void {
  describe(`${name}: verbs asked again`, (test) => {
    for (const versioning of statuses) {
      test(`a commit makes one version and takes one reference, and another id another (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          const version = newVersion(bucket, 'k', { data: chunks(chunk('c', 1)) })
          const id = named()
          const first = await store.objects.commit(version, id)
          assert.ok(first.is === 'committed')
          assert.deepEqual(await store.objects.commit(version, id), first)
          const conditional = { ...version, condition: { ifNoneMatch: '*' as const } }
          assert.deepEqual(await store.objects.commit(conditional, id), first)
          const listed = async () =>
            (await store.objects.listVersions(bucket, { prefix: '', limit: 9 })).entries.length
          assert.equal(await listed(), 1)
          const second = await store.objects.commit(version, named())
          assert.ok(second.is === 'committed')
          assert.equal(second.versionId === first.versionId, versioning !== 'enabled')
          assert.equal(await listed(), versioning === 'enabled' ? 2 : 1)
          for (const { versionId } of new Set([first, second])) {
            await remove(store, bucket, 'k', versionId)
          }
          assert.deepEqual(await drain(store), ['2e7d2c03/1'])
        }))

      test(`a commit that was replaced or deleted meanwhile is not made again (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          const version = newVersion(bucket, 'k', { body: 'old' })
          const id = named()
          const first = await store.objects.commit(version, id)
          assert.ok(first.is === 'committed')
          await put(store, bucket, 'k', { body: 'new', nowMs: nowMs + 5 })
          await drain(store)
          assert.deepEqual(await store.objects.commit(version, id), first)
          assert.equal(await look(store, bucket, 'k'), etagOf('new'))
          await remove(store, bucket, 'k')
          await drain(store)
          assert.deepEqual(await store.objects.commit(version, id), first)
          assert.equal(await look(store, bucket, 'k'), versioning === 'off' ? undefined : 'marker')
          if (versioning !== 'enabled') return
          await remove(store, bucket, 'k', first.versionId)
          assert.deepEqual(await store.objects.commit(version, id), first)
          assert.equal(await look(store, bucket, 'k', first.versionId), undefined)
        }))

      test(`a deletion is done once, whatever was put since (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          await put(store, bucket, 'k', { body: 'old' })
          const id = named()
          const deletion = { bucket, key: 'k', nowMs: nowMs + 1 }
          const first = await store.objects.delete(deletion, id)
          assert.ok(first.is === 'deleted' && first.versionId !== undefined)
          await put(store, bucket, 'k', { body: 'new', nowMs: nowMs + 2 })
          assert.deepEqual(await store.objects.delete(deletion, id), first)
          assert.equal(await look(store, bucket, 'k'), etagOf('new'))
          const other = await store.objects.delete({ ...deletion, nowMs: nowMs + 3 }, named())
          assert.equal(other.is, 'deleted')
          assert.notEqual(await look(store, bucket, 'k'), etagOf('new'))
          assert.deepEqual(await store.objects.delete(deletion, id), first)
        }))
    }

    test('a delete marker that was removed meanwhile is not made again', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        await put(store, bucket, 'k')
        const id = named()
        const deletion = { bucket, key: 'k', nowMs }
        const first = await store.objects.delete(deletion, id)
        assert.ok(first.is === 'deleted' && first.deleteMarker)
        await remove(store, bucket, 'k', first.versionId)
        assert.deepEqual(await store.objects.delete(deletion, id), first)
        assert.equal(await look(store, bucket, 'k'), etagOf('k'))
      }))

    test('a commit is known however many were made since, in the same millisecond too', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const commits = Array.from({ length: 20 }, (_, i) => ({
          version: newVersion(bucket, 'k', { body: `${i}`, nowMs: nowMs + (i % 3) }),
          id: named(),
        }))
        const answers = []
        for (const { version, id } of commits) answers.push(await store.objects.commit(version, id))
        for (const [at, { version, id }] of commits.entries()) {
          assert.deepEqual(await store.objects.commit(version, id), answers[at])
        }
        const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 99 })
        assert.equal(entries.length, 20)
      }))

    test('a refusal is judged anew', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const condition = { ifMatch: '*' as const }
        const version = { ...newVersion(bucket, 'k'), condition }
        const id = named()
        assert.deepEqual(await store.objects.commit(version, id), { is: 'noSuchKey' })
        await put(store, bucket, 'k', { body: 'there' })
        assert.equal((await store.objects.commit(version, id)).is, 'committed')
      }))

    test('tags set once stay as others have set them since', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'k')
        const id = named()
        const set = (value: string, options = named()) =>
          store.objects.setTags(bucket, 'k', { tags: [{ key: 't', value }] }, options)
        const first = await set('1', id)
        assert.equal(first.is, 'done')
        await set('2')
        assert.deepEqual(await set('1', id), first)
        const found = await store.objects.get(bucket, 'k')
        assert.deepEqual(found?.is === 'object' && found.tags, [{ key: 't', value: '2' }])
      }))

    test('what was done is forgotten in time, and then makes room', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const version = newVersion(bucket, 'k', { body: 'old' })
        const id = named()
        await store.objects.commit(version, id)
        // It was there for as long as it is remembered, so that nobody can be asking any more.
        await put(store, bucket, 'k', { body: 'new', nowMs: nowMs + commitMemoryMs })
        assert.equal((await store.objects.commit(version, id)).is, 'committed')
        assert.equal(await look(store, bucket, 'k'), etagOf('old'))
      }))

    test('an upload is created once by its id, and once by the id of its commit', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const uploadId = drawUploadId(nowMs, randomBytes)
        const drawn = { ...newUpload('k'), uploadId }
        const first = await store.uploads.create(bucket, drawn)
        assert.ok(first.is === 'created')
        await store.uploads.commitPart(bucket, first.upload, part(1))
        assert.deepEqual(await store.uploads.create(bucket, drawn), first)
        const wanted = await completion(store, { bucket, upload: first.upload }, [1])
        assert.equal((await store.uploads.complete(wanted)).is, 'committed')
        assert.deepEqual(await store.uploads.create(bucket, drawn), first)
        assert.equal(await store.uploads.get(bucket, first.upload), undefined)
        const id = named()
        const second = await store.uploads.create(bucket, newUpload('k'), id)
        assert.deepEqual(await store.uploads.create(bucket, newUpload('k'), id), second)
        const third = await store.uploads.create(bucket, newUpload('k'), named())
        assert.ok(second.is === 'created' && third.is === 'created')
        assert.notEqual(third.upload.uploadId, second.upload.uploadId)
        const { entries } = await store.uploads.list(bucket, { prefix: '', limit: 9 })
        assert.equal(entries.length, 2)
      }))

    test('a part is committed once, though another has replaced it, and its upload is completed', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const id = named()
        const old = part(1, { chunk: 'a' })
        const commit = (fresh: typeof old, options = named()) =>
          store.uploads.commitPart(bucket, upload, fresh, options)
        assert.deepEqual(await commit(old, id), { is: 'committed' })
        assert.deepEqual(await commit(old, id), { is: 'committed' })
        await commit(part(1, { chunk: 'b' }))
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.deepEqual(await commit(old, id), { is: 'committed' })
        assert.deepEqual(await drain(store), [])
        const last = named()
        await commit(part(1, { chunk: 'c' }), last)
        const wanted = await completion(store, { bucket, upload }, [1])
        assert.equal((await store.uploads.complete(wanted)).is, 'committed')
        assert.deepEqual(await commit(part(1, { chunk: 'c' }), last), { is: 'committed' })
        assert.deepEqual(await commit(part(1, { chunk: 'd' })), { is: 'noSuchUpload' })
        const [kept] = await store.uploads.readParts(upload, [1])
        assert.ok(kept?.data.is === 'chunks' && kept.data.chunks[0]?.id.equals(chunk('c', 1).id))
      }))

    test('a part whose data is a list is committed once', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const list = { is: 'list' as const, listId: listId('l') }
        const extension = {
          tenantId: bucket.tenantId,
          listId: list.listId,
          owner: processOwner,
          offset: 0,
        }
        await store.chunks.extendList({ ...extension, chunks: [chunk('a', 1)] })
        const id = named()
        const fresh = { ...part(1), data: list }
        const committed = { is: 'committed' }
        assert.deepEqual(await store.uploads.commitPart(bucket, upload, fresh, id), committed)
        assert.deepEqual(await store.uploads.commitPart(bucket, upload, fresh, id), committed)
        assert.deepEqual(await drain(store), [])
      }))

    for (const versioning of statuses) {
      test(`an upload is completed once, though its version is gone (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          const upload = await begin(store, bucket, 'k')
          await store.uploads.commitPart(bucket, upload, part(1))
          const wanted = await completion(store, { bucket, upload }, [1])
          const id = named()
          const first = await store.uploads.complete(wanted, id)
          assert.ok(first.is === 'committed')
          assert.deepEqual(await store.uploads.complete(wanted, id), first)
          await put(store, bucket, 'k', { body: 'new', nowMs: nowMs + 1 })
          if (versioning === 'enabled') await remove(store, bucket, 'k', first.versionId)
          await drain(store)
          assert.deepEqual(await store.uploads.complete(wanted, id), first)
          const unnamed = await store.uploads.complete(wanted)
          assert.deepEqual(unnamed, { is: 'noSuchUpload' })
          assert.equal(await look(store, bucket, 'k'), etagOf('new'))
        }))
    }

    test('an upload is aborted once, and answers so', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'k')
        const id = named()
        assert.deepEqual(await store.uploads.abort(bucket, upload, id), { is: 'aborted' })
        assert.deepEqual(await store.uploads.abort(bucket, upload, id), { is: 'aborted' })
        const other = await store.uploads.abort(bucket, upload, named())
        assert.deepEqual(other, { is: 'noSuchUpload' })
      }))

    test('a list is extended once at each place', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const { tenantId } = bucket
        const list = { tenantId, listId: listId('l'), owner: processOwner }
        const first = { ...list, offset: 0, chunks: [chunk('a', 1), chunk('b', 1)] }
        const second = { ...list, offset: 2 * 4_194_304, chunks: [chunk('c', 1)] }
        for (const extension of [first, first, second, first, second]) {
          assert.deepEqual(await store.chunks.extendList(extension), { is: 'extended' })
        }
        const otherwise = { ...first, chunks: [chunk('a', 1), chunk('x', 1)] }
        await assert.rejects(() => store.chunks.extendList(otherwise))
        const data = { is: 'list' as const, listId: list.listId }
        await store.objects.commit(newVersion(bucket, 'k', { data, size: 3 * 4_194_304 }))
        await remove(store, bucket, 'k')
        assert.equal((await drain(store)).length, 3)
      }))

    test('a lease is handed over once, and a manifest moved once', () =>
      withStore(open, async (store) => {
        const { tenantId } = await makeBucket(store, 'one')
        const take = (leaseId: string) =>
          store.leases.take({ leaseId, purpose: 'p', expiresMs: nowMs, scopes: [] })
        for (const leaseId of ['a', 'b']) await take(leaseId)
        const id = named()
        const handedOver = { is: 'handedOver' }
        assert.deepEqual(await store.leases.handOver('a', 'b', id), handedOver)
        assert.deepEqual(await store.leases.handOver('a', 'b', id), handedOver)
        assert.deepEqual(await store.leases.handOver('a', 'b', named()), { is: 'gone' })

        const manifestId = manifestIdOf(1)
        const { manifests } = store
        const begun = { manifestId, tenantId, scope: 'from', nowMs }
        for (let times = 0; times < 2; times += 1) await manifests.begin(begun)
        const sealed = await manifests.seal(manifestId, summary)
        assert.equal(sealed.is, 'sealed')
        assert.deepEqual(await manifests.seal(manifestId, summary), sealed)
        const move = named()
        const scopes = { from: 'from', to: 'to' }
        assert.deepEqual(await manifests.moveToScope(manifestId, scopes, move), { is: 'done' })
        assert.deepEqual(await manifests.moveToScope(manifestId, scopes, move), { is: 'done' })
        const late = await manifests.moveToScope(manifestId, scopes, named())
        assert.deepEqual(late, { is: 'noSuchManifest' })
      }))
  })
}
