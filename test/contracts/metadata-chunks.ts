// Contract of `ChunkCatalog`: references, claims, lists and orphans.
import assert from 'node:assert/strict'
import type { ClaimedChunk, MetadataStore } from '../../metadata/metadata-store.ts'
import { describe } from '../support/describe.ts'
import {
  beginOwner,
  blobName,
  chunk,
  chunks,
  clearOwner,
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

const mib4 = 4_194_304

async function living(store: MetadataStore, name: string): Promise<number | undefined> {
  const [found] = await store.chunks.find(tenantId, [chunk(name, 0).id])
  return found?.generation
}

function extension(
  name: string,
  at: number,
  claims: readonly ClaimedChunk[],
  owner = processOwner,
) {
  return { tenantId, listId: listId(name), owner, offset: at * mib4, chunks: claims }
}

export function chunksContract(name: string, open: OpenStore): void {
  describe(`${name}: chunks`, (test) => {
    test('a chunk lives from the first commit that refers to it until the last reference goes', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        assert.equal(await living(store, 'a'), undefined)
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        await put(store, bucket, 'y', {
          data: chunks(chunk('a', 1, 'known'), chunk('a', 1, 'known')),
        })
        assert.equal(await living(store, 'a'), 1)
        assert.deepEqual(await store.chunks.find(tenant('other'), [chunk('a', 1).id]), [undefined])
        await remove(store, bucket, 'x')
        assert.deepEqual(await drain(store), [])
        assert.equal(await living(store, 'a'), 1)
        await remove(store, bucket, 'y')
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await living(store, 'a'), undefined)
      }))

    test('a copy stored in vain is deleted, and the commit refers to the one that lives', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        await put(store, bucket, 'y', { data: chunks(chunk('a', 2), chunk('b', 3), chunk('b', 4)) })
        const found = await store.objects.get(bucket, 'y')
        assert.ok(found?.is === 'object' && found.data.is === 'chunks')
        assert.deepEqual(
          found.data.chunks.map((ref) => ref.generation),
          [1, 3, 3],
        )
        assert.deepEqual(await drain(store), ['ca978112/2', '3e23e816/4'])
        await remove(store, bucket, 'x')
        assert.deepEqual(await drain(store), [])
      }))

    test('a claim of a chunk that is gone names its positions and changes nothing', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        await remove(store, bucket, 'x')
        await drain(store)
        const claims = [
          chunk('b', 9),
          chunk('a', 1, 'known'),
          chunk('c', 9),
          chunk('a', 1, 'known'),
        ]
        const answer = await store.objects.commit(
          newVersion(bucket, 'x', { data: chunks(...claims) }),
        )
        assert.deepEqual(answer, { is: 'gone', positions: [1, 3] })
        assert.equal(await living(store, 'b'), undefined)
        assert.equal(await store.objects.get(bucket, 'x'), undefined)
        const again = claims.map((claim) => ({ ...claim, origin: 'written' as const }))
        await put(store, bucket, 'x', { data: chunks(...again) })
        assert.equal(await living(store, 'a'), 1)
      }))

    test('a known chunk that died and was stored anew is adopted', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 2)) })
        await put(store, bucket, 'y', { data: chunks(chunk('a', 1, 'known')) })
        await remove(store, bucket, 'x')
        assert.deepEqual(await drain(store), [])
        assert.equal(await living(store, 'a'), 2)
      }))

    test('all that is referred to can be listed in pages', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        assert.deepEqual(await store.chunks.list({ limit: 9 }), [])
        const names = ['a', 'b', 'c', 'd', 'e']
        for (const [i, name] of names.entries()) {
          await put(store, bucket, name, { data: chunks(chunk(name, i + 1)) })
        }
        const first = await store.chunks.list({ limit: 3 })
        const after = first[2]?.id ?? assert.fail()
        const rest = await store.chunks.list({ after, limit: 3 })
        const listed = [...first, ...rest].map(blobName)
        assert.deepEqual([first.length, rest.length], [3, 2])
        assert.deepEqual(listed, names.map((name, i) => blobName(chunk(name, i + 1))).sort())
      }))

    test('what some row refers to is told from what none does', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'x', { data: chunks(chunk('a', 1)) })
        const asked = [chunk('a', 2), chunk('a', 1), chunk('b', 3)]
        assert.deepEqual(await store.chunks.areReferenced(asked), [false, true, false])
        assert.deepEqual(await store.chunks.areReferenced([]), [])
      }))

    test('a list grows, is read from any offset, and belongs to the version that took it', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const { extendList, readList } = store.chunks
        for (let at = 0; at < 1000; at += 250) {
          const claims = Array.from({ length: 250 }, (_, i) => chunk(`c${at + i}`, at + i + 1))
          assert.deepEqual(await extendList(extension('l', at, claims)), { is: 'extended' })
        }
        const version = newVersion(bucket, 'k', { data: { is: 'list', listId: listId('l') } })
        assert.equal((await store.objects.commit(version)).is, 'committed')
        for (const from of [
          0,
          1,
          mib4 - 1,
          mib4,
          79 * mib4,
          80 * mib4 + 5,
          999 * mib4,
          1000 * mib4 - 1,
        ]) {
          const read = await readList(listId('l'), from, 7)
          const expected = Math.floor(from / mib4)
          assert.equal(read.offset, expected * mib4, `from ${from}`)
          assert.equal(read.chunks[0]?.generation, expected + 1)
          assert.ok(read.chunks.length >= 1 && read.chunks.length <= 7)
          assert.deepEqual(
            read.chunks.map((ref) => ref.generation),
            read.chunks.map((_, i) => expected + 1 + i),
          )
        }
        assert.deepEqual((await readList(listId('l'), 1000 * mib4, 7)).chunks, [])
        assert.deepEqual((await readList(listId('none'), 0, 7)).chunks, [])
        assert.deepEqual(await store.objects.commit(version), { is: 'lost' })
        await remove(store, bucket, 'k')
        assert.equal((await drain(store)).length, 1000)
        assert.deepEqual((await readList(listId('l'), 0, 7)).chunks, [])
      }))

    test('an extension with a chunk that is gone changes nothing', () =>
      withStore(open, async (store) => {
        const { extendList } = store.chunks
        const claims = [chunk('a', 1), chunk('b', 1, 'known')]
        assert.deepEqual(await extendList(extension('l', 0, claims)), {
          is: 'gone',
          positions: [1],
        })
        assert.equal(await living(store, 'a'), undefined)
        const bucket = await makeBucket(store, 'one')
        const version = newVersion(bucket, 'k', { data: { is: 'list', listId: listId('l') } })
        assert.deepEqual(await store.objects.commit(version), { is: 'lost' })
      }))

    test('an abandoned list is released, once, and is lost to commits', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await store.chunks.extendList(extension('l', 0, [chunk('a', 1)]))
        await store.chunks.abandonList(tenantId, listId('l'))
        await store.chunks.abandonList(tenantId, listId('l'))
        const version = newVersion(bucket, 'k', { data: { is: 'list', listId: listId('l') } })
        assert.deepEqual(await store.objects.commit(version), { is: 'lost' })
        assert.deepEqual(await drain(store), ['ca978112/1'])
      }))

    test('an abandoned list is not begun anew in its middle', () =>
      withStore(open, async (store) => {
        await store.chunks.extendList(extension('l', 0, [chunk('a', 1)]))
        await store.chunks.abandonList(tenantId, listId('l'))
        await drain(store)
        // Its uploader has not heard of it. A list without its beginning must never be committed.
        await assert.rejects(store.chunks.extendList(extension('l', 1, [chunk('b', 2)])))
        await assert.rejects(store.chunks.extendList(extension('l', 1, [chunk('a', 1)])))
        assert.equal(await living(store, 'a'), undefined)
      }))

    test('a list is extended at its end alone', () =>
      withStore(open, async (store) => {
        await store.chunks.extendList(extension('l', 0, [chunk('a', 1), chunk('b', 2)]))
        await assert.rejects(store.chunks.extendList(extension('l', 1, [chunk('c', 3)])))
        await assert.rejects(store.chunks.extendList(extension('l', 3, [chunk('c', 3)])))
        const extended = await store.chunks.extendList(extension('l', 2, [chunk('c', 3)]))
        assert.deepEqual(extended, { is: 'extended' })
      }))

    test('abandoning does not touch a list that a commit took over', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await store.chunks.extendList(extension('l', 0, [chunk('a', 1)]))
        await put(store, bucket, 'k', { data: { is: 'list', listId: listId('l') } })
        await store.chunks.abandonList(tenantId, listId('l'))
        assert.equal(await clearOwner(store, processOwner), 0)
        assert.deepEqual(await drain(store), [])
        assert.equal((await store.chunks.readList(listId('l'), 0, 9)).chunks.length, 1)
      }))

    test('lists of owners that are dead are abandoned, those of the living stay', () =>
      withStore(open, async (store) => {
        await beginOwner(store, 'dead')
        await beginOwner(store, 'alive')
        await store.chunks.extendList(extension('l1', 0, [chunk('a', 1)], 'dead'))
        await store.chunks.extendList(extension('l2', 0, [chunk('b', 2)], 'alive'))
        assert.equal(await store.chunks.abandonListsOf('dead', 9), 0, 'he has not ended yet')
        await store.owners.end('dead')
        assert.equal(await store.chunks.abandonListsOf('dead', 9), 1)
        assert.equal(await store.chunks.abandonListsOf('dead', 9), 0)
        assert.equal(await store.chunks.abandonListsOf('alive', 9), 0)
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await living(store, 'b'), 2)
      }))

    test('lists of one owner are abandoned page by page', () =>
      withStore(open, async (store) => {
        for (let i = 0; i < 5; i += 1) {
          await store.chunks.extendList(extension(`l${i}`, 0, [chunk(`c${i}`, i + 1)]))
        }
        await store.owners.end(processOwner)
        const pages = []
        for (let i = 0; i < 4; i += 1) {
          pages.push(await store.chunks.abandonListsOf(processOwner, 2))
        }
        assert.deepEqual(pages, [2, 2, 1, 0])
        assert.equal((await drain(store)).length, 5)
      }))

    test('whoever was paused until he had ended finds his lists lost, and begins none', () =>
      withStore(open, async (store) => {
        await beginOwner(store, 'paused')
        await store.chunks.extendList(extension('l', 0, [chunk('a', 1)], 'paused'))
        await store.owners.end('paused')
        const extend = (at: number, list: string) =>
          store.chunks.extendList(extension(list, at, [chunk('b', 2)], 'paused'))
        assert.deepEqual(await extend(1, 'l'), { is: 'lost' })
        await clearOwner(store, 'paused')
        assert.deepEqual(await extend(1, 'l'), { is: 'lost' })
        assert.deepEqual(await extend(0, 'l'), { is: 'lost' })
        assert.deepEqual(await extend(0, 'other'), { is: 'lost' })
        const bucket = await makeBucket(store, 'one')
        const version = newVersion(bucket, 'k', { data: { is: 'list', listId: listId('l') } })
        assert.deepEqual(await store.objects.commit(version), { is: 'lost' })
        assert.deepEqual(await drain(store), ['ca978112/1'])
        assert.equal(await living(store, 'b'), undefined)
      }))

    test('a list that became a part is released with the part', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        const claims = Array.from({ length: 700 }, (_, i) => chunk(`c${i}`, i + 1))
        await store.chunks.extendList(extension('l', 0, claims))
        const made = await store.uploads.create(bucket, {
          key: 'k',
          initiatedMs: 1,
          headers: {},
          userMetadata: {},
          tags: [],
          storageClass: 'STANDARD',
        })
        assert.ok(made.is === 'created')
        const part = { number: 1, size: 700 * mib4, etag: 'e', crc32: 1, modifiedMs: 1 }
        const data = { is: 'list' as const, listId: listId('l') }
        const commit = () => store.uploads.commitPart(bucket, made.upload, { ...part, data })
        assert.deepEqual(await commit(), { is: 'committed' })
        assert.deepEqual(await commit(), { is: 'lost' })
        await store.uploads.abort(bucket, made.upload)
        assert.equal((await drain(store)).length, 700)
      }))
  })
}
