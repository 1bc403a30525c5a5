// The relay does what commits have left to do: promptly, again after failures, and not after a stop.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LmdbEnvironment } from '../../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../../metadata/lmdb/lmdb-metadata-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { outboxHandler } from '../../../metadata/tasks/outbox-handler.ts'
import { startOutboxRelay } from '../../../metadata/tasks/outbox-relay.ts'
import {
  blobName,
  chunk,
  chunks,
  listId,
  makeBucket,
  put,
  remove,
  tenantId,
  withStore,
} from '../../contracts/metadata-fixture.ts'
import { describe } from '../../support/describe.ts'

const open = async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-relay-'))
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  const close = async () => {
    await store.close()
    await rm(path, { recursive: true })
  }
  return { store, close }
}

/** Waits for something that should come soon; how soon is not what is tested. */
async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return
    await wait(25)
  }
  assert.fail(`never happened: ${what}`)
}

const isEmpty = (store: MetadataStore) => async () => (await store.outbox.depth()) === 0

const onSetAside = () => assert.fail('a sound release was set aside')

describe('outbox relay', (test) => {
  test('what is deleted is released, its blobs are deleted, and the outbox is empty again', () =>
    withStore(open, async (store) => {
      const deleted: string[] = []
      const relay = startOutboxRelay({
        outbox: store.outbox,
        deleteBlobs: async (blobs) => {
          deleted.push(...blobs.map(blobName))
        },
        onFailure: (cause) => assert.fail(String(cause)),
        onSetAside,
      })
      const bucket = await makeBucket(store, 'one')
      await wait(20)
      await put(store, bucket, 'k', { data: chunks(chunk('a', 1), chunk('b', 2)) })
      await remove(store, bucket, 'k')
      await eventually('both blobs are deleted', () => deleted.length === 2)
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
      assert.deepEqual([...deleted].sort(), ['3e23e816/2', 'ca978112/1'])
    }))

  test('a deletion that fails is told of once, tried again, and holds up nothing else', () =>
    withStore(open, async (store) => {
      const failures: unknown[] = []
      let refused = 2
      const relay = startOutboxRelay({
        outbox: store.outbox,
        deleteBlobs: async () => {
          if (refused-- > 0) throw new Error('the disk is away')
        },
        onFailure: (cause) => failures.push(cause),
        onSetAside,
      })
      const bucket = await makeBucket(store, 'one')
      await put(store, bucket, 'k', { data: chunks(chunk('a', 1)) })
      await remove(store, bucket, 'k')
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
      assert.equal(failures.length, 1)
    }))

  test('hundreds of stuck deletions hide neither releases nor other deletions', () =>
    withStore(open, async (store) => {
      const bucket = await makeBucket(store, 'one')
      const stuck = Array.from({ length: 600 }, (_, i) => chunk(`stuck ${i}`, i + 1))
      const isStuck = new Set(stuck.map(blobName))
      const extension = { tenantId, listId: listId('l'), owner: 'p', offset: 0, chunks: stuck }
      await store.chunks.extendList(extension)
      await put(store, bucket, 'k', { data: { is: 'list', listId: listId('l') } })
      await remove(store, bucket, 'k')
      const deleted: string[] = []
      let refused = 0
      let isDiskWell = false
      const relay = startOutboxRelay({
        outbox: store.outbox,
        deleteBlobs: async (blobs) => {
          const names = blobs.map(blobName)
          if (!isDiskWell && names.some((name) => isStuck.has(name))) {
            refused += 1
            throw new Error('stuck')
          }
          deleted.push(...names)
        },
        onFailure: () => undefined,
        onSetAside,
      })
      await eventually('deletions are stuck', () => refused > 2)
      await put(store, bucket, 'free', { data: chunks(chunk('a', 1), chunk('b', 2)) })
      await remove(store, bucket, 'free')
      const isOnlyStuck = async () => (await store.outbox.depth()) === stuck.length
      await eventually('what is not stuck is deleted', isOnlyStuck)
      assert.equal(deleted.length, 2)
      isDiskWell = true
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
    }))

  test('after a stop nothing is done any more, and a new relay goes on where it ended', () =>
    withStore(open, async (store) => {
      let deleted = 0
      const parts = {
        outbox: store.outbox,
        deleteBlobs: async (blobs: readonly unknown[]) => {
          deleted += blobs.length
        },
        onFailure: (cause: unknown) => assert.fail(String(cause)),
        onSetAside,
      }
      await startOutboxRelay(parts).stop()
      const bucket = await makeBucket(store, 'one')
      const many = Array.from({ length: 20_000 }, (_, i) => chunk(`c${i}`, i + 1))
      for (let at = 0; at < many.length; at += 5000) {
        const offset = at * 4_194_304
        const claims = many.slice(at, at + 5000)
        const extension = { tenantId, listId: listId('l'), owner: 'p', offset, chunks: claims }
        await store.chunks.extendList(extension)
      }
      await put(store, bucket, 'k', { data: { is: 'list', listId: listId('l') } })
      await remove(store, bucket, 'k')
      assert.equal(deleted, 0)
      const interrupted = startOutboxRelay(parts)
      await eventually('the release has begun', () => deleted > 0)
      await interrupted.stop()
      const after = deleted
      await wait(50)
      assert.equal(deleted, after)
      const relay = startOutboxRelay(parts)
      await eventually('the outbox is empty', isEmpty(store))
      await relay.stop()
      assert.ok(deleted >= many.length)
      assert.deepEqual(await store.chunks.find(tenantId, [chunk('c19999', 0).id]), [undefined])
    }))

  test('releases that contradict other rows are set aside, and do not hold up the others', async () => {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-relay-'))
    const openStore = () => LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    const before = await openStore()
    const bucket = await makeBucket(before, 'one')
    // More than are handed out at once.
    for (let i = 0; i < 300; i += 1) {
      await put(before, bucket, `k${i}`, { data: chunks(chunk(`bad ${i}`, i + 1)) })
      await remove(before, bucket, `k${i}`)
    }
    await put(before, bucket, 'good', { data: chunks(chunk('good', 1)) })
    await remove(before, bucket, 'good')
    await before.close()
    await loseChunkRows(path, 300)

    const store = await openStore()
    const setAside: unknown[] = []
    const handle = outboxHandler({
      outbox: store.outbox,
      deleteBlobs: async () => undefined,
      isStopping: () => false,
      onSetAside: (_, cause) => setAside.push(cause),
    })
    for (let turn = 0; turn < 20 && (await store.outbox.depth()) > 0; turn += 1) {
      await handle(await store.outbox.next(256))
    }
    assert.equal(await store.outbox.depth(), 0)
    assert.deepEqual(await store.chunks.find(tenantId, [chunk('good', 0).id]), [undefined])
    assert.equal(setAside.length, 300)
    assert.match(String(setAside[0]), /a chunk that has no row/)
    assert.equal(await store.outbox.setAsideCount(), 300)
    await store.close()
    await rm(path, { recursive: true })
  })
})

/** As a mistake of ours would: the rows of the chunks `bad 0` and on are gone. */
async function loseChunkRows(path: string, count: number): Promise<void> {
  const environment = await LmdbEnvironment.open({ path })
  await environment.write((tables) => {
    for (let i = 0; i < count; i += 1) tables.chunks.remove(chunk(`bad ${i}`, 0).id)
  })
  await environment.close()
}
