// Contract of `UsageStore`: what is counted is what there is, after every kind of change.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { drawCommitId } from '../../metadata/commit-id.ts'
import type { BucketRef, MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace, hiddenNamespace } from '../../metadata/namespaces.ts'
import { noUsage, type Usage } from '../../metadata/usage.ts'
import { describe } from '../support/describe.ts'
import { usageByListing } from '../support/usage-by-listing.ts'
import {
  chunk,
  chunks,
  drain,
  listId,
  makeBucket,
  newVersion,
  type OpenStore,
  processOwner,
  put,
  remove,
  tenant,
  tenantId,
  withStore,
} from './metadata-fixture.ts'
import { below, lease } from './metadata-lease-fixture.ts'
import { begin, completion, part } from './metadata-upload-fixture.ts'

const other = tenant('other')
const chunkBytes = 4_194_304

/** Counts as they are before notes are folded and after it, which are the same and what a listing says. */
async function counted(store: MetadataStore, bucket: BucketRef): Promise<Partial<Usage>> {
  const before = await store.usage.ofBucket(bucket)
  assert.deepEqual(before, await usageByListing(store, bucket))
  while ((await store.usage.fold(3)) > 0) {
    assert.deepEqual(await store.usage.ofBucket(bucket), before)
  }
  assert.deepEqual(await store.usage.ofBucket(bucket), before)
  return Object.fromEntries(Object.entries(before).filter(([, count]) => count !== 0))
}

async function bucketOf(
  store: MetadataStore,
  name: string,
  owned: { readonly tenantId: typeof tenantId; readonly namespace?: typeof defaultNamespace },
) {
  const made = await store.buckets.create({
    ...{ namespace: defaultNamespace, name, region: 'r', createdMs: 1 },
    ...owned,
  })
  assert.ok(made.is === 'created')
  return made.bucket
}

export function usageContract(name: string, open: OpenStore): void {
  describe(`${name}: usage`, (test) => {
    test('of an empty bucket, one that is gone and a tenant without any is nothing', () =>
      withStore(open, async (store) => {
        assert.deepEqual(await store.usage.ofTenant(tenantId), { ...noUsage, buckets: 0 })
        const bucket = await makeBucket(store, 'one')
        assert.deepEqual(await counted(store, bucket), {})
        assert.deepEqual(await store.usage.ofTenant(tenantId), { ...noUsage, buckets: 1 })
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
        assert.deepEqual(await store.usage.ofBucket(bucket), noUsage)
        assert.deepEqual(await store.usage.ofTenant(tenantId), { ...noUsage, buckets: 0 })
        const again = await makeBucket(store, 'one')
        assert.deepEqual(await counted(store, again), {})
      }))

    test('of a bucket without versions is that of its objects', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'a', { size: 5 })
        await put(store, bucket, 'b', { size: 7 })
        assert.deepEqual(await counted(store, bucket), { bytes: 12, objects: 2, versions: 2 })
        await put(store, bucket, 'a', { size: 1 })
        await put(store, bucket, 'a', { data: chunks(chunk('c', 1)), size: chunkBytes })
        const bytes = chunkBytes + 7
        assert.deepEqual(await counted(store, bucket), { bytes, objects: 2, versions: 2 })
        await remove(store, bucket, 'a')
        await remove(store, bucket, 'a')
        assert.deepEqual(await counted(store, bucket), { bytes: 7, objects: 1, versions: 1 })
        await store.objects.setTags(bucket, 'b', { tags: [{ key: 'k', value: 'v' }] })
        await put(store, bucket, 'empty', { size: 0, body: '' })
        assert.deepEqual(await counted(store, bucket), { bytes: 7, objects: 2, versions: 2 })
        for (const key of ['b', 'empty']) await remove(store, bucket, key, 'null')
        assert.deepEqual(await counted(store, bucket), {})
        await drain(store)
        assert.deepEqual(await counted(store, bucket), {})
      }))

    test('of a bucket with versions is that of all of them, and of delete markers', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const first = await put(store, bucket, 'a', { size: 5 })
        const second = await put(store, bucket, 'a', { size: 7 })
        assert.deepEqual(await counted(store, bucket), { bytes: 12, objects: 1, versions: 2 })
        const marker = await remove(store, bucket, 'a')
        const lone = await remove(store, bucket, 'never')
        assert.deepEqual(await counted(store, bucket), {
          ...{ bytes: 12, versions: 2, deleteMarkers: 2 },
        })
        await remove(store, bucket, 'never', lone.versionId)
        await store.objects.setTags(bucket, 'a', { versionId: first.versionId, tags: [] })
        await remove(store, bucket, 'a', second.versionId)
        assert.deepEqual(await counted(store, bucket), {
          ...{ bytes: 5, versions: 1, deleteMarkers: 1 },
        })
        await remove(store, bucket, 'a', marker.versionId)
        assert.deepEqual(await counted(store, bucket), { bytes: 5, objects: 1, versions: 1 })
        await remove(store, bucket, 'a', first.versionId)
        assert.deepEqual(await counted(store, bucket), {})
      }))

    test('of a bucket whose versions are suspended is without the null versions that were replaced', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'a', { size: 1 })
        await store.buckets.setVersioning(bucket, 'enabled')
        await put(store, bucket, 'a', { size: 10 })
        await store.buckets.setVersioning(bucket, 'suspended')
        await put(store, bucket, 'a', { size: 100 })
        assert.deepEqual(await counted(store, bucket), { bytes: 110, objects: 1, versions: 2 })
        await remove(store, bucket, 'a')
        assert.deepEqual(await counted(store, bucket), {
          ...{ bytes: 10, versions: 1, deleteMarkers: 1 },
        })
        await remove(store, bucket, 'a')
        await put(store, bucket, 'a', { size: 1000 })
        assert.deepEqual(await counted(store, bucket), { bytes: 1010, objects: 1, versions: 2 })
        await remove(store, bucket, 'a', 'null')
        assert.deepEqual(await counted(store, bucket), { bytes: 10, objects: 1, versions: 1 })
      }))

    test('counts uploads under way and their parts, until they are completed or aborted', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const upload = await begin(store, bucket, 'a')
        assert.deepEqual(await counted(store, bucket), { uploads: 1 })
        const commit = (fresh: ReturnType<typeof part>) =>
          store.uploads.commitPart(bucket, upload, fresh)
        await Promise.all([commit(part(5)), commit(part(7, { chunk: 'x' })), commit(part(9))])
        assert.deepEqual(await counted(store, bucket), { uploads: 1, partBytes: 21 })
        await commit({ ...part(9), size: 2 })
        await commit({ ...part(5, { chunk: 'y' }) })
        assert.deepEqual(await counted(store, bucket), { uploads: 1, partBytes: 14 })
        const second = await begin(store, bucket, 'b', 5)
        await store.uploads.commitPart(bucket, second, part(3))
        const empty = await begin(store, bucket, 'c')
        assert.deepEqual(await counted(store, bucket), { uploads: 3, partBytes: 17 })
        await store.uploads.abort(bucket, empty)
        assert.equal(await store.uploads.abortStale({ initiatedBeforeMs: 10, limit: 9 }), 1)
        assert.deepEqual(await counted(store, bucket), { uploads: 1, partBytes: 14 })
        await put(store, bucket, 'a', { size: 1 })
        // Of the parts that it does not name, nothing is counted any more.
        const wanted = await completion(store, { bucket, upload }, [5, 7])
        const whole = { ...wanted, content: { ...wanted.content, size: 12 } }
        assert.equal((await store.uploads.complete(whole)).is, 'committed')
        assert.equal((await store.uploads.complete(whole)).is, 'committed')
        assert.deepEqual(await counted(store, bucket), { bytes: 12, objects: 1, versions: 1 })
        await drain(store)
        assert.deepEqual(await counted(store, bucket), { bytes: 12, objects: 1, versions: 1 })
      }))

    test('does not count what was refused, nor twice what was asked again', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const named = () => ({ commitId: drawCommitId(1_700_000_000_000, randomBytes) })
        const id = named()
        const version = newVersion(bucket, 'a', { size: 5 })
        for (let times = 0; times < 2; times += 1) await store.objects.commit(version, id)
        const refused = { ...version, condition: { ifNoneMatch: '*' as const } }
        assert.equal((await store.objects.commit(refused, named())).is, 'preconditionFailed')
        const data = chunks(chunk('never stored', 1, 'known'))
        const gone = newVersion(bucket, 'a', { data, size: chunkBytes })
        assert.equal((await store.objects.commit(gone, named())).is, 'gone')
        const lost = newVersion(bucket, 'a', { data: { is: 'list', listId: listId('l') } })
        assert.equal((await store.objects.commit(lost)).is, 'lost')
        assert.deepEqual(await counted(store, bucket), { bytes: 5, objects: 1, versions: 1 })
        const deletion = { bucket, key: 'a', nowMs: 1_700_000_000_001 }
        const marking = named()
        for (let times = 0; times < 2; times += 1) await store.objects.delete(deletion, marking)
        assert.deepEqual(await counted(store, bucket), {
          ...{ bytes: 5, versions: 1, deleteMarkers: 1 },
        })
        const upload = await begin(store, bucket, 'u')
        const partId = named()
        for (let times = 0; times < 2; times += 1) {
          await store.uploads.commitPart(bucket, upload, part(4), partId)
        }
        const wanted = await completion(store, { bucket, upload }, [4])
        const stale = { ...wanted, revision: 99 }
        assert.equal((await store.uploads.complete(stale)).is, 'partsChanged')
        assert.equal((await counted(store, bucket)).partBytes, 4)
        const abortion = named()
        for (let times = 0; times < 2; times += 1) {
          await store.uploads.abort(bucket, upload, abortion)
        }
        const { deleteMarkers, uploads, partBytes } = await store.usage.ofBucket(bucket)
        assert.deepEqual([deleteMarkers, uploads, partBytes], [1, 0, 0])
      }))

    test('does not count what a lease holds back of what was removed', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'a', { data: chunks(chunk('a', 1)), size: chunkBytes })
        await put(store, bucket, 'b', { size: 3 })
        await store.leases.take({ ...lease('one', below(bucket, '')), owner: processOwner })
        await remove(store, bucket, 'a')
        await remove(store, bucket, 'b')
        await drain(store)
        assert.deepEqual(await counted(store, bucket), {})
        await store.leases.letGo('one')
        await drain(store)
        assert.deepEqual(await counted(store, bucket), {})
      }))

    test('of a bucket that is gone is nobody’s, though its uploads are still to be released', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const kept = await makeBucket(store, 'two')
        await put(store, kept, 'a', { size: 3 })
        const upload = await begin(store, bucket, 'a')
        await store.uploads.commitPart(bucket, upload, part(4, { chunk: 'x' }))
        const before = { bytes: 3, objects: 1, versions: 1 }
        assert.deepEqual(await store.usage.ofTenant(tenantId), {
          ...{ ...noUsage, ...before, uploads: 1, partBytes: 4, buckets: 2 },
        })
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
        const after = { ...noUsage, ...before, buckets: 1 }
        assert.deepEqual(await store.usage.ofTenant(tenantId), after)
        assert.deepEqual(await store.usage.ofBucket(bucket), noUsage)
        await drain(store)
        while ((await store.usage.fold(9)) > 0);
        assert.deepEqual(await store.usage.ofTenant(tenantId), after)
        assert.deepEqual(await store.usage.ofBucket(bucket), noUsage)
      }))

    test('of a tenant is that of its buckets, hidden ones too, which are not among them', () =>
      withStore(open, async (store) => {
        const mine = await makeBucket(store, 'one')
        const versioned = await makeBucket(store, 'two', 'enabled')
        const theirs = await bucketOf(store, 'three', { tenantId: other })
        const namespace = hiddenNamespace(tenantId)
        const hidden = await bucketOf(store, '-/spool', { tenantId, namespace })
        await put(store, mine, 'a', { size: 1 })
        await put(store, versioned, 'a', { size: 10 })
        await put(store, versioned, 'a', { size: 100 })
        await put(store, hidden, 'a', { size: 1000 })
        await put(store, theirs, 'a', { size: 5 })
        for (const isFolded of [false, true]) {
          while (isFolded && (await store.usage.fold(9)) > 0);
          assert.deepEqual(await store.usage.ofTenant(tenantId), {
            ...{ ...noUsage, bytes: 1111, objects: 3, versions: 4, buckets: 2 },
          })
          assert.deepEqual(await store.usage.ofTenant(other), {
            ...{ ...noUsage, bytes: 5, objects: 1, versions: 1, buckets: 1 },
          })
        }
        assert.equal(await store.usage.fold(0), 0)
      }))

    test('is exact at every moment, while others write and notes are folded', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const writers = 4
        const rounds = 12
        let isOver = false
        const writing = Promise.all(
          Array.from({ length: writers }, async (_, writer) => {
            for (let round = 1; round <= rounds; round += 1) {
              // Always as many bytes as objects: whoever reads half a change sees it.
              await put(store, bucket, `${writer}-${round}`, { size: 1, nowMs: round })
              await put(store, bucket, 'same', { size: 1, nowMs: round })
              if (round % 3 === 0) await remove(store, bucket, `${writer}-${round}`)
            }
          }),
        ).then(() => {
          isOver = true
        })
        while (!isOver) {
          const { bytes, objects, versions } = await store.usage.ofBucket(bucket)
          assert.deepEqual([objects, versions], [bytes, bytes])
          await store.usage.fold(7)
          // An engine that reads at once lets nobody else get on.
          await new Promise(setImmediate)
        }
        await writing
        const left = writers * (rounds - rounds / 3) + 1
        assert.deepEqual(await counted(store, bucket), {
          ...{ bytes: left, objects: left, versions: left },
        })
      }))
  })
}
