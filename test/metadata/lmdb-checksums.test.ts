// Every row of the embedded engine has a checksum: what is not as it was written is never served, and rows
// from before there were checksums get theirs.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeRecord } from '../../metadata/codec/record-frame.ts'
import { jobKey } from '../../metadata/lmdb/job-rows.ts'
import { checkLayoutFormat } from '../../metadata/lmdb/layout-format.ts'
import { formatKey, layoutOf } from '../../metadata/lmdb/layout-row.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { everyRow } from '../../metadata/lmdb/row-keys.ts'
import { tableNames } from '../../metadata/lmdb/tables.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { MetadataDamaged } from '../../metadata/metadata-damaged.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { chunk, chunks, makeBucket, put, remove, tenantId } from '../contracts/metadata-fixture.ts'
import { claimAll, job } from '../contracts/metadata-jobs.ts'
import { describe } from '../support/describe.ts'
import { withoutChecksums } from '../support/without-checksums.ts'

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-checksums-'))
  try {
    await body(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

const openStore = (path: string) =>
  LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

async function fill(path: string): Promise<void> {
  const store = await openStore(path)
  const bucket = await makeBucket(store, 'one')
  for (const key of ['a', 'b', 'c']) {
    await put(store, bucket, key)
    await put(store, bucket, `${key}-large`, { data: chunks(chunk(key, 1)) })
  }
  await store.close()
}

async function withEnvironment<T>(
  path: string,
  body: (environment: LmdbEnvironment) => Promise<T>,
): Promise<T> {
  const environment = await LmdbEnvironment.open({ path })
  try {
    return await body(environment)
  } finally {
    await environment.close()
  }
}

function change(path: string, work: (tables: Tables) => void): Promise<void> {
  return withEnvironment(path, (environment) => environment.write(work))
}

function problemsOf(path: string): Promise<readonly string[]> {
  return withEnvironment(path, async (environment) => {
    const problems: string[] = []
    environment.read((tables) => verifyRows(tables, (what) => problems.push(what)))
    return problems
  })
}

function firstKey(tables: Tables, name: (typeof tableNames)[number]): Buffer {
  const row = tables[name].first(everyRow)
  assert.ok(row)
  return Buffer.from(row.key)
}

function flipIn(tables: Tables, name: (typeof tableNames)[number], key: Buffer): void {
  const stored = Buffer.from(tables[name].getStored(key) ?? '')
  const at = stored.length >> 1
  stored[at] = (stored[at] ?? 0) ^ 4
  tables[name].putStored(key, stored)
}

/** All rows but the layout's own. */
function dump(path: string): Promise<readonly string[]> {
  return withEnvironment(path, async ({ tables }) =>
    tableNames.flatMap((name) =>
      [...tables[name].rows(everyRow)]
        .filter(({ key }) => !key.equals(formatKey))
        .map(({ key, value }) => `${name} ${key.toString('hex')} ${value.toString('hex')}`),
    ),
  )
}

describe('checksums of rows', (test) => {
  test('keep a row with another bit from being served by any read, and a check names it', () =>
    withPath(async (path) => {
      await fill(path)
      await change(path, (tables) => flipIn(tables, 'objects', firstKey(tables, 'objects')))
      const store = await openStore(path)
      const page = { namespace: defaultNamespace, prefix: '', limit: 1 }
      const bucket = (await store.buckets.list(tenantId, page)).buckets[0]
      assert.ok(bucket)
      const isDamage = (cause: unknown) =>
        cause instanceof MetadataDamaged && cause.table === 'objects'
      await assert.rejects(store.objects.get(bucket, 'a'), isDamage)
      await assert.rejects(store.objects.list(bucket, { prefix: '', limit: 9 }), isDamage)
      await assert.rejects(store.objects.freezePage(bucket, { prefix: '', limit: 9 }), isDamage)
      assert.ok(await store.objects.get(bucket, 'b'))
      await store.close()
      const problems = await problemsOf(path)
      assert.equal(problems.length, 1)
      assert.match(problems[0] ?? '', /^a row of objects is damaged, and is not served \(one\/a, /)
    }))

  test('keep damaged tasks from holding up the others: they are buried, and a check names them', () =>
    withPath(async (path) => {
      await fill(path)
      const store = await openStore(path)
      const page = { namespace: defaultNamespace, prefix: '', limit: 1 }
      const bucket = (await store.buckets.list(tenantId, page)).buckets[0]
      assert.ok(bucket)
      for (const key of ['a', 'b', 'c']) await remove(store, bucket, `${key}-large`)
      await store.close()
      await change(path, (tables) => {
        const keys = [...tables.tasks.rows(everyRow)].map(({ key }) => Buffer.from(key))
        assert.equal(keys.length, 3)
        for (const key of keys.slice(0, 2)) flipIn(tables, 'tasks', key)
      })
      const again = await openStore(path)
      const claimed = await again.outbox.claim({
        ...{ kinds: ['release'], owner: 'o', leaseMs: 1000, limit: 9 },
      })
      assert.equal(claimed.length, 1)
      assert.equal(await again.outbox.buriedEstimate(), 2)
      await again.close()
      const damaged = (await problemsOf(path)).filter((line) => / is damaged/.test(line))
      assert.equal(damaged.length, 2)
    }))

  test('keep a damaged job, and a damaged place of one, from holding up the others of their lane', () =>
    withPath(async (path) => {
      const store = await openStore(path)
      for (let number = 1; number <= 5; number += 1) await store.jobs.put(job(number))
      await store.close()
      await change(path, (tables) => {
        const keyOf = (number: number) => jobKey(job(number))
        const rowsOf = (name: 'jobDues' | 'jobTurns') =>
          [...tables[name].rows(everyRow)].map(({ key }) => Buffer.from(key))
        flipIn(tables, 'jobs', keyOf(1))
        for (const name of ['jobDues', 'jobTurns'] as const) {
          const place = rowsOf(name).find((key) => key.includes(keyOf(2)))
          assert.ok(place)
          flipIn(tables, name, place)
        }
      })
      const again = await openStore(path)
      assert.deepEqual(await claimAll(again), [3, 4, 5])
      await assert.rejects(again.jobs.get(job(1)), MetadataDamaged)
      await again.close()
      const damaged = (await problemsOf(path)).filter((line) => / is damaged/.test(line))
      assert.equal(damaged.length, 3)
    }))

  test('tell a row that stands under the key of another, or in another table', () =>
    withPath(async (path) => {
      await fill(path)
      await change(path, ({ objects, nullVersions }) => {
        const rows = [...objects.storedRows(everyRow)].map(({ key, value }) => ({
          key: Buffer.from(key),
          value: Buffer.from(value),
        }))
        const [first, second] = rows
        assert.ok(first && second)
        objects.putStored(first.key, second.value)
        nullVersions.putStored(second.key, second.value)
      })
      const problems = await problemsOf(path)
      assert.deepEqual(
        problems.map((line) => line.split(' ', 5).join(' ')),
        ['a row of objects is', 'a row of nullVersions is'],
      )
    }))

  test('are added to rows of layout 2, wherever that was cut off, and nothing else changes', () =>
    withPath(async (path) => {
      await fill(path)
      const before = await dump(path)
      let bare: Awaited<ReturnType<typeof dump>> | undefined
      for (let commits = 0; ; commits += 1) {
        await withoutChecksums(path, { format: 2 })
        bare ??= await dump(path)
        assert.deepEqual(await dump(path), bare)
        const isDone = await cutOff(path, commits)
        if (isDone) break
        if (commits > 0) {
          const worker = { path, random: randomBytes, role: 'worker' } as const
          await assert.rejects(
            LmdbMetadataStore.open(worker),
            /(brought to format 3|of format \d, not \d+): start a server/,
          )
        }
        await (await openStore(path)).close()
        assert.deepEqual(await dump(path), before)
        assert.deepEqual(await problemsOf(path), [])
      }
    }))

  test('are begun by a note that older programs can read the format of, and refuse', () =>
    withPath(async (path) => {
      await fill(path)
      await withoutChecksums(path, { format: 2 })
      await cutOff(path, 1)
      const row = await withEnvironment(path, async ({ tables }) =>
        tables.meta.getStored(formatKey),
      )
      assert.ok(row)
      assert.equal(decodeRecord('layout', row)[0], 3)
    }))

  test('protect the note of the layout too: no other bit of it makes rows believed', () =>
    withPath(async (path) => {
      await fill(path)
      const row = await withEnvironment(path, async ({ tables }) =>
        tables.meta.getStored(formatKey),
      )
      assert.ok(row)
      const sound = Buffer.from(row)
      for (let at = 0; at < sound.length * 8; at += 1) {
        const flipped = Buffer.from(sound)
        const byte = Math.floor(at / 8)
        flipped[byte] = (flipped[byte] ?? 0) ^ (1 << (at % 8))
        const meta = { getStored: () => flipped, count: () => 9 }
        assert.throws(() => layoutOf({ meta }), StoreRefused, `bit ${at}`)
      }
    }))
})

/** Ends a migration after so many commits. Answers whether it was done by then. */
function cutOff(path: string, commits: number): Promise<boolean> {
  return withEnvironment(path, async (environment) => {
    const write = environment.write.bind(environment)
    let left = commits
    environment.write = (verb) => {
      left -= 1
      return left >= 0 ? write(verb) : Promise.reject(new Error('cut off'))
    }
    return checkLayoutFormat(environment, 'primary').then(
      () => true,
      () => false,
    )
  })
}
