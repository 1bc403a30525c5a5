// Contract of `OrphanStore`: what is set aside, for how long, and how it comes back.
import assert from 'node:assert/strict'
import type { ClaimedChunk } from '../../metadata/metadata-store.ts'
import { describe } from '../support/describe.ts'
import {
  blobName,
  chunk,
  chunks,
  makeBucket,
  newVersion,
  type OpenStore,
  put,
  withStore,
} from './metadata-fixture.ts'

const keepMs = 1000

export function orphansContract(name: string, open: OpenStore): void {
  describe(`${name}: orphans`, (test) => {
    test('an unknown chunk is set aside first, and condemned when its time is up', () =>
      withStore(open, async (store) => {
        const { orphans } = store
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        const stored = [chunk('a', 1), chunk('a', 2), chunk('b', 3)]
        assert.deepEqual(await orphans.review(stored, { servedMs: 0, keepMs }), {
          condemned: [],
          setAside: 2,
          known: 0,
        })
        assert.equal(await orphans.count(), 2)
        const early = await orphans.review(stored, { servedMs: 999, keepMs })
        assert.deepEqual(early, { condemned: [], setAside: 0, known: 0 })
        const { condemned } = await orphans.review(stored, { servedMs: 1000, keepMs })
        assert.deepEqual(condemned.map(blobName), ['ca978112/2', '3e23e816/3'])
        assert.equal(await orphans.count(), 0)
      }))

    test('condemned orphans can no longer be claimed; what is known is never condemned', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        const stored = [chunk('a', 1), chunk('a', 2), chunk('b', 3)]
        await store.orphans.review(stored, { servedMs: 0, keepMs: 0 })
        const claim = (wanted: ClaimedChunk) =>
          store.objects.commit(newVersion(bucket, 'y', { data: chunks(wanted) }))
        assert.deepEqual(await claim(chunk('b', 3)), { is: 'gone', positions: [0] })
        assert.equal((await claim(chunk('b', 4))).is, 'committed')
        assert.deepEqual(await store.chunks.areReferenced([chunk('a', 1)]), [true])
        assert.equal((await store.orphans.review([], { servedMs: 9, keepMs })).setAside, 0)
      }))

    test('an orphan that is claimed in time is one no longer', () =>
      withStore(open, async (store) => {
        const { orphans } = store
        const bucket = await makeBucket(store, 'one')
        await orphans.review([chunk('b', 3)], { servedMs: 0, keepMs })
        await put(store, bucket, 'y', { data: chunks(chunk('b', 3)) })
        assert.equal((await orphans.review([chunk('b', 3)], { servedMs: 5000, keepMs })).known, 1)
        assert.equal(await orphans.count(), 0)
        // Were it to become one again, its time would begin anew.
        assert.deepEqual(await store.chunks.areReferenced([chunk('b', 3)]), [true])
      }))

    test('a pass forgets orphans that it did not meet', () =>
      withStore(open, async (store) => {
        const { orphans } = store
        await orphans.review([chunk('a', 1), chunk('b', 2)], { servedMs: 10, keepMs })
        await orphans.review([chunk('b', 2)], { servedMs: 20, keepMs })
        await orphans.endPass(20)
        assert.equal(await orphans.count(), 1)
      }))

    test('deletions are deferred for a while of running time', () =>
      withStore(open, async ({ orphans }) => {
        assert.equal(await orphans.defersDeletions(), false)
        await orphans.served(500)
        await orphans.deferDeletions(1000)
        assert.equal(await orphans.defersDeletions(), true)
        await orphans.served(999)
        assert.equal(await orphans.defersDeletions(), true)
        await orphans.served(1)
        assert.equal(await orphans.defersDeletions(), false)
      }))

    test('running time adds up, and never runs backwards', () =>
      withStore(open, async (store) => {
        assert.equal(await store.orphans.served(0), 0)
        assert.equal(await store.orphans.served(1500.7), 1500)
        assert.equal(await store.orphans.served(-5), 1500)
        assert.equal(await store.orphans.served(0), 1500)
      }))
  })
}
