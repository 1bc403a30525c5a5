// A store in which nobody counted what buckets hold is opened by a program that does; and what a check says of counts.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseUploadState } from '../../metadata/codec/upload-codec.ts'
import { recountUsage } from '../../metadata/lmdb/count-usage.ts'
import { putLayout } from '../../metadata/lmdb/layout-row.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { bucketKey, everyRow } from '../../metadata/lmdb/row-keys.ts'
import { putUploadState } from '../../metadata/lmdb/upload-rows.ts'
import { encodeUsage, usageKey } from '../../metadata/lmdb/usage-rows.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { verifyUsage } from '../../metadata/lmdb/verify-usage.ts'
import type { BucketRef } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket } from '../../metadata/records.ts'
import { noUsage } from '../../metadata/usage.ts'
import { chunk, chunks, makeBucket, put, remove, tenantId } from '../contracts/metadata-fixture.ts'
import { begin, part } from '../contracts/metadata-upload-fixture.ts'
import { describe } from '../support/describe.ts'
import { usageByListing } from '../support/usage-by-listing.ts'

const openStore = (path: string) =>
  LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-layout-'))
  try {
    await body(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

async function withEnvironment<T>(
  path: string,
  work: (environment: LmdbEnvironment) => Promise<T>,
): Promise<T> {
  const environment = await LmdbEnvironment.open({ path })
  try {
    return await work(environment)
  } finally {
    await environment.close()
  }
}

/** A bit of everything that is counted, and some that is not. */
async function fill(path: string): Promise<readonly Bucket[]> {
  const store = await openStore(path)
  const plain = await makeBucket(store, 'plain')
  const kept = await makeBucket(store, 'kept', 'enabled')
  const empty = await makeBucket(store, 'empty')
  await put(store, plain, 'a', { size: 5 })
  await put(store, plain, 'b', { data: chunks(chunk('b', 1)), size: 4_194_304 })
  await put(store, plain, 'gone', { data: chunks(chunk('gone', 1)), size: 4_194_304 })
  await remove(store, plain, 'gone')
  for (const size of [1, 20, 300]) await put(store, kept, 'a', { size })
  await remove(store, kept, 'a')
  await put(store, kept, 'b', { size: 7 })
  for (const bucket of [plain, kept]) {
    const upload = await begin(store, bucket, 'u')
    for (const number of [3, 4]) await store.uploads.commitPart(bucket, upload, part(number))
    await begin(store, bucket, 'none')
  }
  const buckets = [plain, kept, empty]
  for (const bucket of buckets) await compare(store, bucket)
  await store.close()
  return buckets
}

async function compare(store: LmdbMetadataStore, bucket: BucketRef): Promise<void> {
  assert.deepEqual(await store.usage.ofBucket(bucket), await usageByListing(store, bucket))
}

/** As a program of layout 8 would have left it. */
function asLayout8(tables: Tables): void {
  tables.usage.clear()
  for (const { value } of [...tables.uploads.rows(everyRow)]) {
    putUploadState(tables, { ...parseUploadState(value), partBytes: 0 })
  }
  putLayout(tables, 8)
}

function problemsOf(path: string): Promise<readonly string[]> {
  return withEnvironment(path, async (environment) => {
    const problems: string[] = []
    const tell = (what: string) => problems.push(what)
    environment.read((tables) => {
      verifyRows(tables, tell)
      verifyUsage(tables, tell)
    })
    return problems
  })
}

describe('usage of stores of layout 8', (test) => {
  test('is counted when they are opened, also when that is cut off at any step', () =>
    withPath(async (path) => {
      const buckets = await fill(path)
      for (let commits = 0; ; commits += 1) {
        await withEnvironment(path, (environment) => environment.write(asLayout8))
        assert.deepEqual(await problemsOf(path), [])
        const isDone = await withEnvironment(path, async (environment) => {
          let left = commits
          const cut: Pick<LmdbEnvironment, 'read' | 'write'> = {
            read: (verb) => environment.read(verb),
            write: async (verb) => {
              left -= 1
              if (left < 0) throw new Error('cut off')
              return environment.write(verb)
            },
          }
          return recountUsage(cut, (tables) => putLayout(tables, 9)).then(
            () => true,
            () => false,
          )
        })
        const store = await openStore(path)
        for (const bucket of buckets) await compare(store, bucket)
        const whole = await store.usage.ofTenant(tenantId)
        assert.deepEqual([whole.buckets, whole.uploads, whole.partBytes], [3, 4, 14])
        await store.close()
        assert.deepEqual(await problemsOf(path), [])
        if (isDone) break
      }
    }))

  test('goes on to be counted from there', () =>
    withPath(async (path) => {
      const [plain] = await fill(path)
      assert.ok(plain)
      await withEnvironment(path, (environment) => environment.write(asLayout8))
      const store = await openStore(path)
      const bucket = await store.buckets.get(defaultNamespace, 'plain')
      assert.ok(bucket)
      const { entries } = await store.uploads.list(bucket, { prefix: 'u', limit: 9 })
      const [upload] = entries
      assert.ok(upload?.is === 'upload')
      await store.uploads.commitPart(bucket, upload, { ...part(4), size: 1000 })
      await compare(store, bucket)
      await store.uploads.abort(bucket, upload)
      await remove(store, bucket, 'a')
      await compare(store, bucket)
      await store.close()
      assert.deepEqual(await problemsOf(path), [])
    }))
})

describe('a check of usage', (test) => {
  test('tells of buckets that are not counted, and of counts of none', () =>
    withPath(async (path) => {
      const [plain, , empty] = await fill(path)
      assert.ok(plain && empty)
      await withEnvironment(path, (environment) =>
        environment.write((tables) => {
          tables.usage.remove(usageKey({ tenantId, bucketId: plain.id }))
          tables.buckets.remove(bucketKey(empty.namespace, empty.name))
        }),
      )
      const told = (await problemsOf(path)).filter((what) => /counted/.test(what))
      assert.equal(told.length, 2)
      assert.match(told[0] ?? '', /a bucket that is not there is counted/)
      assert.equal(told[1], 'bucket plain is not counted')
    }))

  test('says by how much one is wrong, which stops nobody, and is mended by a recount', () =>
    withPath(async (path) => {
      const [plain, kept] = await fill(path)
      assert.ok(plain && kept)
      const place = ({ id }: Bucket) => usageKey({ tenantId, bucketId: id })
      await withEnvironment(path, (environment) =>
        environment.write((tables) => {
          tables.usage.put(place(plain), encodeUsage({ ...noUsage, bytes: -7 }))
          const row = tables.usage.getStored(place(kept))
          assert.ok(row)
          const damaged = Buffer.from(row)
          damaged[0] = (damaged[0] ?? 0) ^ 1
          tables.usage.putStored(place(kept), damaged)
        }),
      )
      const told = await problemsOf(path)
      assert.ok(
        told.includes(
          'bucket plain is counted wrongly: -7 bytes where there are 4194309, 0 objects where there are 2, 0 versions where there are 2, 0 uploads where there are 2, 0 partBytes where there are 7',
        ),
      )
      assert.ok(told.includes('bucket kept is not counted'))
      assert.ok(told.some((what) => /a row of usage is damaged/.test(what)))
      const store = await openStore(path)
      await put(store, kept, 'still', { size: 1 })
      await store.close()
      await withEnvironment(path, (environment) => recountUsage(environment))
      assert.deepEqual(await problemsOf(path), [])
      const again = await openStore(path)
      for (const bucket of [plain, kept]) await compare(again, bucket)
      await again.close()
    }))
})
