// Contract of freezing a prefix (`ObjectStore.freezePage`), which manifests are made from.
import assert from 'node:assert/strict'
import type {
  BucketRef,
  FreezeQuery,
  FrozenMoment,
  FrozenObject,
  FrozenPage,
  MetadataStore,
} from '../../metadata/metadata-store.ts'
import { describe } from '../support/describe.ts'
import { makeBucket, type OpenStore, put, remove, withStore } from './metadata-fixture.ts'

const nowMs = 1_700_000_000_000

async function frozenKeys(store: MetadataStore, bucket: BucketRef, prefix: string) {
  const first = await pageOf(store, bucket, { prefix, limit: 1000 })
  return frozenAt(store, bucket, { prefix, moment: first.moment })
}

/** All of a prefix at a moment, in pages of 1,000; `between` is done after each of them. */
async function frozenAt(
  store: MetadataStore,
  bucket: BucketRef,
  { prefix, moment }: { readonly prefix: string; readonly moment: FrozenMoment },
  between: (page: FrozenPage) => Promise<void> = async () => {},
) {
  const objects: FrozenObject[] = []
  let after: { readonly after?: string } = {}
  for (;;) {
    const page = await pageOf(store, bucket, { prefix, moment, ...after, limit: 1000 })
    assert.equal(page.moment, moment)
    assert.ok(page.objects.length <= 1000)
    objects.push(...page.objects)
    await between(page)
    if (!page.isTruncated) return objects
    after = { after: objects.at(-1)?.key ?? '' }
  }
}

async function pageOf(
  store: MetadataStore,
  bucket: BucketRef,
  query: FreezeQuery,
): Promise<FrozenPage> {
  const page = await store.objects.freezePage(bucket, query)
  assert.ok(page.is === 'page')
  return page
}

export function freezeContract(name: string, open: OpenStore): void {
  describe(`${name}: freezing a prefix`, (test) => {
    test('current objects of the prefix, in key order, with what an archive needs of them', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        for (const key of ['p/b', 'p/a', 'q', 'p', 'p/ä', 'p/gone']) await put(store, bucket, key)
        await put(store, bucket, 'p/a', { body: 'newer', nowMs: nowMs + 5000 })
        await remove(store, bucket, 'p/gone')
        const frozen = await frozenKeys(store, bucket, 'p/')
        assert.deepEqual(
          frozen.map(({ key }) => key),
          ['p/a', 'p/b', 'p/ä'],
        )
        const current = await store.objects.get(bucket, 'p/a')
        assert.ok(current?.is === 'object')
        const { rowId, size, crc32, modifiedMs } = current
        assert.deepEqual(frozen[0], {
          key: 'p/a',
          rowId,
          size,
          crc32,
          modifiedMs,
        })
        assert.equal(crc32, 7)
        assert.equal((await frozenKeys(store, bucket, '')).length, 5)
        assert.deepEqual(await frozenKeys(store, bucket, 'none'), [])
      }))

    test('pages go on behind a key, are as long as asked for, and say whether there is more', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const key of ['a', 'b', 'b/1', 'b/2', 'c']) await put(store, bucket, key)
        const keysOf = async (query: FreezeQuery) => {
          const { objects, isTruncated } = await pageOf(store, bucket, query)
          return [...objects.map(({ key }) => key), isTruncated]
        }
        assert.deepEqual(await keysOf({ prefix: '', limit: 2 }), ['a', 'b', true])
        assert.deepEqual(await keysOf({ prefix: '', after: 'b', limit: 3 }), [
          'b/1',
          'b/2',
          'c',
          false,
        ])
        assert.deepEqual(await keysOf({ prefix: 'b/', limit: 2 }), ['b/1', 'b/2', false])
        assert.deepEqual(await keysOf({ prefix: 'b/', after: 'a', limit: 1 }), ['b/1', true])
        assert.deepEqual(await keysOf({ prefix: 'b/', after: 'c', limit: 1 }), [false])
        assert.deepEqual(await keysOf({ prefix: '', after: 'c', limit: 1 }), [false])
      }))

    test('every page of a moment is of that moment, while writes go on', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const keys = Array.from({ length: 2500 }, (_, i) => `k${String(i).padStart(4, '0')}`)
        await Promise.all(keys.map((key) => put(store, bucket, key)))
        const { moment } = await pageOf(store, bucket, { prefix: '', limit: 1 })
        const first = await frozenAt(store, bucket, { prefix: '', moment })
        assert.deepEqual(
          first.map(({ key }) => key),
          keys,
        )
        let turn = 0
        const second = await frozenAt(store, bucket, { prefix: '', moment }, async () => {
          turn += 1
          await put(store, bucket, `k${turn}999-new`)
          await put(store, bucket, 'k2400', { body: `turn ${turn}` })
          await remove(store, bucket, `k24${10 + turn}`)
        })
        assert.deepEqual(second, first)
        const narrower = await frozenAt(store, bucket, { prefix: 'k24', moment })
        assert.deepEqual(narrower, first.slice(2400))
        await store.objects.endFreeze(moment)
        const later = await frozenKeys(store, bucket, '')
        assert.ok(later.some(({ key }) => key === 'k1999-new'))
        assert.ok(!later.some(({ key }) => key === 'k2411'))
      }))

    test('a moment that is not known any more is never answered with another', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'k')
        const { moment } = await pageOf(store, bucket, { prefix: '', limit: 1 })
        await store.objects.endFreeze(moment)
        await store.objects.endFreeze(moment)
        // An engine may keep it all the same, but then it answers as of that moment.
        await put(store, bucket, 'l')
        const late = await store.objects.freezePage(bucket, { prefix: '', moment, limit: 9 })
        if (late.is === 'page') assert.equal(late.objects.length, 1)
        else assert.deepEqual(late, { is: 'snapshotExpired' })
      }))

    test('a lease taken before keeps the data of frozen rows, whatever happens to them', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        for (const key of ['x', 'y']) await put(store, bucket, key)
        await store.leases.take({
          leaseId: 'z',
          purpose: 'zip',
          expiresMs: nowMs,
          scopes: [{ is: 'prefix', bucketId: bucket.id, prefix: '' }],
        })
        const rows = await frozenKeys(store, bucket, '')
        await put(store, bucket, 'x', { body: 'other' })
        await remove(store, bucket, 'y')
        const data = await store.objects.dataOfRows(bucket.id, rows)
        const texts = data.map((found) => found?.is === 'inline' && String(found.sealed))
        assert.deepEqual(texts, ['x', 'y'])
        const unknown = [{ key: 'x', rowId: '0'.repeat(32) }]
        assert.deepEqual(await store.objects.dataOfRows(bucket.id, unknown), [undefined])
      }))
  })
}
