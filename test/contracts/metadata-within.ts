// Contract of `MetadataStore.within`.
import assert from 'node:assert/strict'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { describe } from '../support/describe.ts'
import { makeBucket, newVersion, type OpenStore, withStore } from './metadata-fixture.ts'

const page = { prefix: '', limit: 9 }

export function withinContract(name: string, open: OpenStore): void {
  describe(`${name}: verbs within limits`, (test) => {
    test('work as without, while nobody has ended them', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const { signal } = new AbortController()
        const limited = store.within({ signal })
        assert.equal((await limited.objects.commit(newVersion(bucket, 'k'))).is, 'committed')
        assert.deepEqual(await limited.buckets.get(defaultNamespace, 'one'), bucket)
        assert.deepEqual(
          await limited.objects.list(bucket, page),
          await store.objects.list(bucket, page),
        )
      }))

    test('are not begun any more once their time is over, and say why', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const ending = new AbortController()
        const limited = store.within({ signal: ending.signal })
        const nested = limited.within({ signal: new AbortController().signal })
        const { objects } = limited
        ending.abort(new Error('enough'))
        await assert.rejects(objects.commit(newVersion(bucket, 'k')), /enough/)
        await assert.rejects(limited.objects.list(bucket, page), /enough/)
        await assert.rejects(limited.tenants.list({ limit: 1 }), /enough/)
        await assert.rejects(nested.objects.commit(newVersion(bucket, 'k')), /enough/)
        assert.deepEqual((await store.objects.list(bucket, page)).entries, [])
        assert.equal((await store.objects.commit(newVersion(bucket, 'k'))).is, 'committed')
      }))

    test('go on with a long work up to the page at which they are ended', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const key of ['a', 'b', 'c']) await store.objects.commit(newVersion(bucket, key))
        const ending = new AbortController()
        const { objects } = store.within({ signal: ending.signal })
        const first = await objects.list(bucket, { prefix: '', limit: 1 })
        assert.equal(first.entries.length, 1)
        ending.abort()
        const after = { key: 'a', group: false }
        await assert.rejects(objects.list(bucket, { prefix: '', limit: 1, after }), /aborted/)
      }))
  })
}
