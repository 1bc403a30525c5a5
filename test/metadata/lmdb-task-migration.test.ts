// A store in which each kind of task had a table, and lists under way had owners known by name alone, is
// opened by a program that hands tasks out by claims.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { putLayout } from '../../metadata/lmdb/layout-row.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { RowChecksum } from '../../metadata/lmdb/row-checksum.ts'
import { numberKey } from '../../metadata/lmdb/row-keys.ts'
import { verifyReferences } from '../../metadata/lmdb/verify-references.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import {
  beginOwner,
  blobName,
  chunk,
  chunks,
  clearOwner,
  drain,
  listId,
  makeBucket,
  put,
  remove,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { claimFreeing } from '../support/do-tasks.ts'
import { withoutChecksums } from '../support/without-checksums.ts'
import { asLayout2 } from './as-layout-2.ts'

const openStore = (path: string) =>
  LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

async function change(path: string, verb: (tables: Tables) => void): Promise<void> {
  const environment = await LmdbEnvironment.open({ path })
  await environment.write(verb)
  await environment.close()
}

/** Releases, deletions, one that is broken, and a list under way. */
async function leaveWork(path: string): Promise<void> {
  const store = await openStore(path)
  await beginOwner(store, 'p')
  const bucket = await makeBucket(store, 'one')
  for (const key of ['a', 'b', 'c', 'bad']) {
    await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
  }
  await put(store, bucket, 'two', { data: chunks(chunk('e', 1), chunk('f', 1)) })
  await remove(store, bucket, 'bad')
  for (const task of await claimFreeing(store.outbox)) {
    await store.outbox.bury(task, { cause: 'it contradicts' })
  }
  await remove(store, bucket, 'two')
  for (const task of await claimFreeing(store.outbox)) {
    if (task.kind === 'release') await store.outbox.release(task)
  }
  for (const key of ['a', 'b']) await remove(store, bucket, key)
  const list = { tenantId, listId: listId('l'), owner: 'p', offset: 0 }
  await store.chunks.extendList({ ...list, chunks: [chunk('d', 1)] })
  await store.close()
}

async function problemsOf(path: string): Promise<readonly string[]> {
  const problems: string[] = []
  const tell = (what: string) => problems.push(what)
  const environment = await LmdbEnvironment.open({ path })
  environment.read((tables) => verifyRows(tables, tell))
  await verifyReferences({
    ...{ environment, chunksAtOnce: 1000, tell },
    readChunk: async () => undefined,
    storedBlobs: async function* () {},
  })
  await environment.close()
  return problems
}

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-layout-'))
  try {
    await body(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

const names = (keys: readonly string[]) => keys.map((key) => blobName(chunk(key, 1))).sort()
const buriedOnly = ['1 tasks could not be done and were buried']

describe('tasks of layout 2', (test) => {
  test('are done, what was set aside stays so, and lists under way have ended owners', () =>
    withPath(async (path) => {
      await leaveWork(path)
      await withoutChecksums(path, { format: 2, more: asLayout2 })
      assert.deepEqual(await problemsOf(path), buriedOnly, 'a check reads them where they are')

      const store = await openStore(path)
      assert.equal(await store.outbox.depthEstimate(), 4)
      assert.equal(await store.outbox.buriedEstimate(), 1)
      assert.deepEqual([...(await drain(store))].sort(), names(['a', 'b', 'e', 'f']))
      assert.deepEqual(await store.owners.ended({ limit: 9 }), ['p'])
      assert.equal(await clearOwner(store, 'p'), 1)
      assert.deepEqual(await drain(store), names(['d']))
      await store.close()
      assert.deepEqual(await problemsOf(path), buriedOnly)
    }))

  test('are moved on from where a start was killed', () =>
    withPath(async (path) => {
      await leaveWork(path)
      let moved: { key: Buffer; value: Buffer } | undefined
      await withoutChecksums(path, {
        format: 2,
        more: (tables) => {
          asLayout2(tables)
          moved = tables.releases.first({ start: numberKey(0), end: numberKey(2 ** 40) })
        },
      })
      await (await openStore(path)).close()
      assert.ok(moved)
      const { key, value } = moved
      // As if it had been killed before this page, and after the others.
      await change(path, (tables) => {
        const [task] = tables.tasks
          .keys({
            ...{ start: Buffer.of(0), end: Buffer.alloc(300, 0xff), limit: 9 },
          })
          .filter((row) => row.subarray(-8).equals(key))
        assert.ok(task)
        tables.tasks.remove(Buffer.from(task))
        tables.releases.putStored(key, new RowChecksum('releases').seal(key, value))
        putLayout(tables, 4)
      })
      const store = await openStore(path)
      assert.deepEqual([...(await drain(store))].sort(), names(['a', 'b', 'e', 'f']))
      await store.close()
    }))

  test('that cannot be read are buried as they are, and hold up neither a start nor the others', () =>
    withPath(async (path) => {
      await leaveWork(path)
      await withoutChecksums(path, {
        format: 2,
        more: (tables) => {
          asLayout2(tables)
          tables.deletions.putStored(numberKey(1), Buffer.from('damaged'))
        },
      })
      const store = await openStore(path)
      assert.equal(await store.outbox.buriedEstimate(), 2)
      assert.equal((await drain(store)).length, 4)
      await store.close()
      const problems = await problemsOf(path)
      assert.equal(problems.length, 2)
      assert.match(problems[0] ?? '', /a task that is buried cannot be read/)
    }))

  test('so are those that are damaged later', () =>
    withPath(async (path) => {
      await leaveWork(path)
      await change(path, (tables) => {
        const range = { start: Buffer.of(0), end: Buffer.alloc(300, 0xff) }
        const [row] = [...tables.tasks.rows(range)].filter(({ key }) => key.includes('release'))
        assert.ok(row)
        tables.tasks.put(Buffer.from(row.key), Buffer.from('damaged'))
      })
      const store = await openStore(path)
      assert.ok((await drain(store)).length <= 3)
      assert.equal(await store.outbox.buriedEstimate(), 2)
      await store.close()
    }))
})
