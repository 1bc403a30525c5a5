// Contract of `ManifestStore`.
import assert from 'node:assert/strict'
import type {
  Manifest,
  ManifestEntry,
  ManifestId,
  ManifestPage,
} from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseBucketId, parseManifestId } from '../../metadata/record-ids.ts'
import { describe } from '../support/describe.ts'
import { type OpenStore, tenant, tenantId, withStore } from './metadata-fixture.ts'

const nowMs = 1_700_000_000_000

function manifestId(number: number): ManifestId {
  const id = parseManifestId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

function entry(name: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return { name, size: 10, crc32: 0xfedcba98, modifiedMs: nowMs, ...more }
}

const summary = {
  etag: 'a'.repeat(32),
  crc32: 0xffffffff,
  entries: 3,
  totalBytes: 2 ** 40,
  directory: { offset: 2 ** 40 - 1000, bytes: 978 },
  modifiedMs: nowMs,
}

async function begun(store: MetadataStore, number: number, scope = 'all'): Promise<ManifestId> {
  const id = manifestId(number)
  await store.manifests.begin({ manifestId: id, tenantId, scope, nowMs: nowMs + number })
  return id
}

async function sealed(
  store: MetadataStore,
  number: number,
  more: {
    readonly scope?: string
    readonly etag?: string
    readonly pages?: readonly ManifestPage[]
  } = {},
): Promise<Manifest> {
  const id = await begun(store, number, more.scope)
  assert.deepEqual(await store.manifests.putPages(id, more.pages ?? []), { is: 'done' })
  const etag = more.etag ?? number.toString().padStart(32, '0')
  const answer = await store.manifests.seal(id, { ...summary, etag })
  assert.equal(answer.is, 'sealed')
  assert.ok(answer.is === 'sealed')
  return answer.manifest
}

async function ofTenant(store: MetadataStore, owner = tenantId): Promise<readonly Manifest[]> {
  return (await store.manifests.ofTenant(owner, { limit: 9 })).manifests
}

async function removeWhole(store: MetadataStore, id: ManifestId): Promise<number> {
  for (let steps = 1; ; steps += 1) {
    if ((await store.manifests.remove(id)).is === 'done') return steps
  }
}

export function manifestsContract(name: string, open: OpenStore): void {
  describe(`${name}: manifests`, (test) => {
    test('a manifest is found by its id, its scope and its tenant, once it is sealed', () =>
      withStore(open, async (store) => {
        const id = await begun(store, 1)
        assert.equal(await store.manifests.get(id), undefined)
        assert.deepEqual(await store.manifests.ofScope(tenantId, 'all', 9), [])
        const { manifest } = Object.assign(
          { manifest: undefined },
          await store.manifests.seal(id, summary),
        )
        const expected = {
          manifestId: id,
          tenantId,
          scope: 'all',
          createdMs: nowMs + 1,
          usedMs: nowMs + 1,
          ...summary,
        }
        assert.deepEqual(manifest, expected)
        assert.deepEqual(await store.manifests.get(id), expected)
        assert.deepEqual(await store.manifests.ofScope(tenantId, 'all', 9), [expected])
        assert.deepEqual(await ofTenant(store), [expected])
        assert.deepEqual(await store.manifests.ofScope(tenantId, 'al', 9), [])
        assert.deepEqual(await store.manifests.ofScope(tenant('other'), 'all', 9), [])
        assert.deepEqual(await ofTenant(store, tenant('other')), [])
      }))

    test('of all who move a manifest out of its scope, one gets it', () =>
      withStore(open, async (store) => {
        const manifest = await sealed(store, 1, { pages: [] })
        const { manifests } = store
        const scopes = ['first', 'second'].map((to) => ({ from: 'all', to }))
        const answers = await Promise.all(
          scopes.map((move) => manifests.moveToScope(manifest.manifestId, move)),
        )
        assert.deepEqual(answers.map(({ is }) => is).sort(), ['done', 'noSuchManifest'])
        const to = answers[0]?.is === 'done' ? 'first' : 'second'
        const moved = { ...manifest, scope: to }
        assert.deepEqual(await manifests.ofScope(tenantId, 'all', 9), [])
        assert.deepEqual(await manifests.ofScope(tenantId, to, 9), [moved])
        assert.deepEqual(await ofTenant(store), [moved])
        assert.deepEqual(await manifests.get(manifest.manifestId), moved)
        await removeWhole(store, manifest.manifestId)
        const gone = { from: to, to: 'all' }
        assert.deepEqual(await manifests.moveToScope(manifest.manifestId, gone), {
          is: 'noSuchManifest',
        })
        assert.deepEqual(await ofTenant(store), [])
        const open = await begun(store, 2)
        const early = await manifests.moveToScope(open, { from: 'all', to: 'first' })
        assert.deepEqual(early, { is: 'noSuchManifest' })
      }))

    test('manifests of a scope come in the order of sealing, the last first, whatever the clock says', () =>
      withStore(open, async (store) => {
        for (const number of [2, 1, 3]) await sealed(store, number)
        await sealed(store, 9, { scope: 'all of it' })
        const found = await store.manifests.ofScope(tenantId, 'all', 9)
        assert.deepEqual(
          found.map((manifest) => manifest.manifestId),
          [3, 1, 2].map(manifestId),
        )
        assert.deepEqual(await store.manifests.ofScope(tenantId, 'all', 1), found.slice(0, 1))
        const all = await ofTenant(store)
        assert.equal(all.length, 4)
        const paged: Manifest[] = []
        let after: { readonly after?: string } = {}
        for (let pages = 0; pages < 9; pages += 1) {
          const page = await store.manifests.ofTenant(tenantId, { ...after, limit: 3 })
          assert.ok(page.manifests.length <= 3)
          paged.push(...page.manifests)
          if (page.next === undefined) break
          after = { after: page.next }
        }
        assert.deepEqual(paged, all)
      }))

    test('a manifest of the ETag that the newest of its scope has is not sealed', () =>
      withStore(open, async (store) => {
        const first = await sealed(store, 1)
        const second = await begun(store, 2)
        const answer = await store.manifests.seal(second, { ...summary, etag: first.etag })
        assert.deepEqual(answer, { is: 'known', manifest: first })
        assert.equal(await store.manifests.get(second), undefined)
        const elsewhere = await begun(store, 3, 'other')
        const other = await store.manifests.seal(elsewhere, { ...summary, etag: first.etag })
        assert.equal(other.is, 'sealed')
        await sealed(store, 4)
        const again = await begun(store, 5)
        const back = await store.manifests.seal(again, { ...summary, etag: first.etag })
        assert.equal(back.is, 'sealed')
      }))

    test('pages come back as they were written, whatever their entries hold', () =>
      withStore(open, async (store) => {
        const bucketId = parseBucketId('0123456789abcdef')
        const otherId = parseBucketId('fedcba9876543210')
        assert.ok(bucketId && otherId)
        const rowId = 'f'.repeat(32)
        const entries = [
          entry('dir/', { size: 0, crc32: 0 }),
          entry('dir/plain', { source: { bucketId, key: 'p/dir/plain', rowId } }),
          entry('ä%00', { size: 2 ** 45, source: { bucketId, key: 'p/ä\0', rowId } }),
          entry('x'.repeat(3000), {
            modifiedMs: 0,
            source: { bucketId: otherId, key: '😀', rowId },
          }),
          entry('plain', { source: { bucketId: otherId, key: 'plain', rowId } }),
        ]
        const page = { offset: 2 ** 50 + 1, centralOffset: 2 ** 33 + 5, entries }
        const { manifestId: id } = await sealed(store, 1, { pages: [page] })
        assert.deepEqual(await store.manifests.pageAt(id, { offset: page.offset + 9 }), page)
      }))

    test('the page of a place is the one that begins there or last before it', () =>
      withStore(open, async (store) => {
        const pages = [0, 1, 2].map((number) => ({
          offset: number * 1000,
          centralOffset: number * 60,
          entries: [entry(`page ${number}`)],
        }))
        await sealed(store, 1, { pages: [{ offset: 0, centralOffset: 0, entries: [entry('x')] }] })
        const { manifestId: id } = await sealed(store, 2, { pages })
        await sealed(store, 3, { pages: [{ offset: 5, centralOffset: 5, entries: [entry('x')] }] })
        const at = async (place: { offset: number } | { centralOffset: number }) =>
          (await store.manifests.pageAt(id, place))?.entries[0]?.name
        assert.equal(await at({ offset: 0 }), 'page 0')
        assert.equal(await at({ offset: 999 }), 'page 0')
        assert.equal(await at({ offset: 1000 }), 'page 1')
        assert.equal(await at({ offset: 2 ** 50 }), 'page 2')
        assert.equal(await at({ centralOffset: 59 }), 'page 0')
        assert.equal(await at({ centralOffset: 60 }), 'page 1')
        assert.equal(await at({ centralOffset: 2 ** 40 }), 'page 2')
        assert.equal(await store.manifests.pageAt(manifestId(7), { offset: 0 }), undefined)
      }))

    test('a sealed manifest takes no more pages, and is sealed once', () =>
      withStore(open, async (store) => {
        const { manifestId: id } = await sealed(store, 1)
        const none = { is: 'noSuchManifest' }
        assert.deepEqual(await store.manifests.putPages(id, []), none)
        assert.deepEqual(await store.manifests.seal(id, summary), none)
        assert.deepEqual(await store.manifests.putPages(manifestId(5), []), none)
      }))

    test('what is not touched any more, and what was never sealed, is stale', () =>
      withStore(open, async (store) => {
        const stale = (afterMs: number) =>
          store.manifests.stale({ usedBeforeMs: nowMs + afterMs, limit: 9 })
        const { manifestId: used } = await sealed(store, 1)
        const left = await begun(store, 2)
        assert.deepEqual(await stale(1), [])
        assert.deepEqual(await stale(3), [used, left])
        assert.deepEqual(await store.manifests.touch(used, nowMs + 50), { is: 'done' })
        assert.deepEqual(await store.manifests.touch(used, nowMs + 40), { is: 'done' })
        assert.equal((await store.manifests.get(used))?.usedMs, nowMs + 50)
        assert.deepEqual(await stale(50), [left])
        assert.deepEqual(await stale(51), [used, left])
        assert.deepEqual(await store.manifests.stale({ usedBeforeMs: nowMs + 51, limit: 1 }), [
          used,
        ])
        assert.deepEqual(await store.manifests.touch(left, nowMs + 60), { is: 'done' })
        assert.deepEqual(await stale(51), [used])
        const page = { usedBeforeMs: nowMs, openBeforeMs: nowMs + 61, limit: 9 }
        assert.deepEqual(await store.manifests.stale(page), [left])
      }))

    test('a removal goes step by step; from the first on nothing is found', () =>
      withStore(open, async (store) => {
        const pages = Array.from({ length: 300 }, (_, number) => ({
          offset: number * 1000,
          centralOffset: number * 60,
          entries: [entry(`page ${number}`)],
        }))
        const { manifestId: id } = await sealed(store, 1, { pages })
        const beside = await sealed(store, 2, { pages: pages.slice(0, 1) })
        assert.deepEqual(await store.manifests.remove(id), { is: 'more' })
        assert.equal(await store.manifests.get(id), undefined)
        assert.deepEqual(await store.manifests.ofScope(tenantId, 'all', 9), [beside])
        assert.equal(await store.manifests.pageAt(id, { offset: 299_000 }), undefined)
        assert.deepEqual(await store.manifests.touch(id, nowMs), { is: 'noSuchManifest' })
        assert.deepEqual(await store.manifests.stale({ usedBeforeMs: 0, limit: 9 }), [id])
        assert.ok((await removeWhole(store, id)) > 2)
        assert.deepEqual(await store.manifests.stale({ usedBeforeMs: 0, limit: 9 }), [])
        assert.deepEqual(await store.manifests.remove(id), { is: 'done' })
        assert.deepEqual(await store.manifests.pageAt(beside.manifestId, { offset: 0 }), pages[0])
      }))
  })
}
