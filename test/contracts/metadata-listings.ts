// Contract of listings: order, prefixes, delimiters, pages; of objects and of versions.
import assert from 'node:assert/strict'
import type {
  BucketRef,
  ListPosition,
  ListQuery,
  MetadataStore,
} from '../../metadata/metadata-store.ts'
import type { VersionId } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { makeBucket, type OpenStore, put, remove, withStore } from './metadata-fixture.ts'

async function keys(store: MetadataStore, bucket: BucketRef, query: Partial<ListQuery> = {}) {
  const { entries, isTruncated } = await store.objects.list(bucket, {
    prefix: '',
    limit: 1000,
    ...query,
  })
  const words = entries.map((entry) => (entry.is === 'object' ? entry.key : `>${entry.prefix}`))
  return isTruncated ? [...words, '...'] : words
}

/** Pages through everything with a page size, as a gateway does. */
async function paged(store: MetadataStore, bucket: BucketRef, query: Partial<ListQuery>) {
  const words: string[] = []
  let after: ListPosition | undefined
  for (let pages = 0; pages < 1000; pages += 1) {
    const page = await store.objects.list(bucket, {
      prefix: '',
      limit: 1,
      ...query,
      ...(after && { after }),
    })
    for (const entry of page.entries) {
      words.push(entry.is === 'object' ? entry.key : `>${entry.prefix}`)
      after =
        entry.is === 'object'
          ? { key: entry.key, group: false }
          : { key: entry.prefix, group: true }
    }
    if (!page.isTruncated) return words
    assert.ok(page.entries.length > 0, 'a truncated page is not empty')
  }
  throw new Error('the listing does not end')
}

const tree = ['a', 'b/1', 'b/2', 'b/c/1', 'b0', 'c//x', 'c/x', 'd', 'ü/1', 'ü/2']

export function listingsContract(name: string, open: OpenStore): void {
  describe(`${name}: listings`, (test) => {
    const withTree = (body: (store: MetadataStore, bucket: BucketRef) => Promise<void>) =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        // Neighbours in the tables, that must never show.
        const others = [await makeBucket(store, 'other'), await makeBucket(store, 'another')]
        for (const other of others) await put(store, other, 'b/not-mine')
        for (const key of [...tree].reverse()) await put(store, bucket, key)
        await body(store, bucket)
      })

    test('objects come in byte order, and a prefix narrows them', () =>
      withTree(async (store, bucket) => {
        assert.deepEqual(await keys(store, bucket), tree)
        assert.deepEqual(await keys(store, bucket, { prefix: 'b/' }), ['b/1', 'b/2', 'b/c/1'])
        assert.deepEqual(await keys(store, bucket, { prefix: 'b/1' }), ['b/1'])
        assert.deepEqual(await keys(store, bucket, { prefix: 'b/11' }), [])
        assert.deepEqual(await keys(store, bucket, { prefix: 'x'.repeat(6000) }), [])
      }))

    test('a delimiter rolls keys up into prefixes, each once', () =>
      withTree(async (store, bucket) => {
        const delimiter = '/'
        assert.deepEqual(await keys(store, bucket, { delimiter }), [
          'a',
          '>b/',
          'b0',
          '>c/',
          'd',
          '>ü/',
        ])
        assert.deepEqual(await keys(store, bucket, { delimiter, prefix: 'b/' }), [
          'b/1',
          'b/2',
          '>b/c/',
        ])
        assert.deepEqual(await keys(store, bucket, { delimiter, prefix: 'b' }), ['>b/', 'b0'])
        assert.deepEqual(await keys(store, bucket, { delimiter, prefix: 'c/' }), ['>c//', 'c/x'])
        assert.deepEqual(await keys(store, bucket, { delimiter: '/c/' }), [
          ...['a', 'b/1', 'b/2', '>b/c/', 'b0', 'c//x', 'c/x', 'd', 'ü/1', 'ü/2'],
        ])
        assert.deepEqual(await keys(store, bucket, { delimiter: 'ü' }), [...tree.slice(0, 8), '>ü'])
        assert.deepEqual(await keys(store, bucket, { delimiter: '' }), tree)
      }))

    test('isTruncated is exact at every page size, and pages join without gap or repeat', () =>
      withTree(async (store, bucket) => {
        for (const query of [{}, { delimiter: '/' }, { delimiter: '/', prefix: 'b' }]) {
          const whole = await keys(store, bucket, query)
          for (let limit = 1; limit <= whole.length + 1; limit += 1) {
            const page = await keys(store, bucket, { ...query, limit })
            const expected = limit < whole.length ? [...whole.slice(0, limit), '...'] : whole
            assert.deepEqual(page, expected, `limit ${limit}`)
            assert.deepEqual(await paged(store, bucket, { ...query, limit }), whole)
          }
        }
      }))

    test('a group that is the last of a page does not make the page truncated', () =>
      withTree(async (store, bucket) => {
        for (const key of ['z/1', 'z/2']) await put(store, bucket, key)
        const query = { delimiter: '/', prefix: 'z', limit: 1 }
        assert.deepEqual(await keys(store, bucket, query), ['>z/'])
      }))

    test('a limit of 0 is empty and complete', () =>
      withTree(async (store, bucket) => {
        assert.deepEqual(await keys(store, bucket, { limit: 0 }), [])
        const versions = await store.objects.listVersions(bucket, { prefix: '', limit: 0 })
        assert.deepEqual(versions, { entries: [], isTruncated: false })
      }))

    test('positions that are not there, before or behind everything, or too long, do no harm', () =>
      withTree(async (store, bucket) => {
        const after = (key: string, group = false) => keys(store, bucket, { after: { key, group } })
        assert.deepEqual(await after(''), tree)
        assert.deepEqual(await after('b/15'), tree.slice(2))
        assert.deepEqual(await after('b/', true), tree.slice(4))
        assert.deepEqual(await after('b/'), tree.slice(1))
        assert.deepEqual(await after('\u{10ffff}'), [])
        assert.deepEqual(await after('b/1'.padEnd(5000, 'x')), tree.slice(2))
        assert.deepEqual(await after('b/1'.padEnd(5000, 'x'), true), tree.slice(2))
        const within = { prefix: 'b/', after: { key: 'a', group: false } }
        assert.deepEqual(await keys(store, bucket, within), ['b/1', 'b/2', 'b/c/1'])
        const behind = { prefix: 'b/', after: { key: 'c', group: false } }
        assert.deepEqual(await keys(store, bucket, behind), [])
        // A marker inside a group leaves the rest of the group to be shown.
        const inside = { delimiter: '/', after: { key: 'b/1', group: false } }
        assert.deepEqual(await keys(store, bucket, inside), ['>b/', 'b0', '>c/', 'd', '>ü/'])
      }))

    test('keys hidden by delete markers do not show, and removed ones do not either', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        for (const key of tree) await put(store, bucket, key)
        for (const key of tree.slice(1, 9)) await remove(store, bucket, key)
        assert.deepEqual(await keys(store, bucket), ['a', 'ü/2'])
        assert.deepEqual(await keys(store, bucket, { delimiter: '/', limit: 1 }), ['a', '...'])
        assert.deepEqual(await keys(store, bucket, { delimiter: '/', limit: 2 }), ['a', '>ü/'])
      }))

    test('versions page by key and version id, with the latest marked on every page', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        for (const key of ['a', 'a\u0000', 'b/1', 'b/2', 'c']) {
          for (const size of [1, 2, 3]) await put(store, bucket, key, { size })
        }
        await remove(store, bucket, 'c')
        const whole = (await store.objects.listVersions(bucket, { prefix: '', limit: 1000 }))
          .entries
        assert.equal(whole.length, 16)
        assert.equal(whole.filter((entry) => entry.is !== 'prefix' && entry.isLatest).length, 5)
        for (const limit of [1, 2, 3, 5, 15, 16]) {
          const joined: (typeof whole)[number][] = []
          let after: { after: ListPosition; afterVersionId: VersionId } | undefined
          for (;;) {
            const page = await store.objects.listVersions(bucket, { prefix: '', limit, ...after })
            joined.push(...page.entries)
            const last = page.entries.at(-1)
            if (!page.isTruncated || last === undefined || last.is === 'prefix') break
            after = { after: { key: last.key, group: false }, afterVersionId: last.versionId }
          }
          assert.deepEqual(joined, whole, `limit ${limit}`)
        }
        const rolled = await store.objects.listVersions(bucket, {
          prefix: '',
          delimiter: '/',
          limit: 100,
        })
        const groups = rolled.entries.filter((entry) => entry.is === 'prefix')
        assert.deepEqual(groups, [{ is: 'prefix', prefix: 'b/' }])
        assert.equal(rolled.entries.length, 3 + 3 + 1 + 4)
      }))

    test('a version marker alone goes past the key; a version that is gone still marks its place', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const ids: VersionId[] = []
        for (const size of [1, 2, 3])
          ids.unshift((await put(store, bucket, 'a', { size })).versionId)
        await put(store, bucket, 'b', { size: 9 })
        const sizes = async (query: { afterVersionId?: VersionId }) => {
          const page = await store.objects.listVersions(bucket, {
            prefix: '',
            limit: 9,
            after: { key: 'a', group: false },
            ...query,
          })
          return page.entries.map((entry) => (entry.is === 'object' ? entry.size : entry.is))
        }
        assert.deepEqual(await sizes({}), [9])
        const [newest, middle] = ids
        assert.ok(newest && middle)
        assert.deepEqual(await sizes({ afterVersionId: newest }), [2, 1, 9])
        await remove(store, bucket, 'a', middle)
        assert.deepEqual(await sizes({ afterVersionId: middle }), [1, 9])
      }))
  })
}
