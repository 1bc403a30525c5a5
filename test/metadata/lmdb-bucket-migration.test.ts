// A store in which each tenant had names of its own is opened by a program that finds buckets by namespace.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeRecord } from '../../metadata/codec/record-frame.ts'
import { LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { migrateBuckets } from '../../metadata/lmdb/migrate-buckets.ts'
import { tenantKey } from '../../metadata/lmdb/row-keys.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { defaultNamespace, hiddenNamespace } from '../../metadata/namespaces.ts'
import { newVersion, put, tenantId } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'

const openStore = (path: string) =>
  LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

type OldBucket = { readonly name: string; readonly id: string; readonly tags?: readonly string[] }

/** As an older program would have left it. */
async function asLayout2(path: string, buckets: readonly OldBucket[]): Promise<void> {
  const environment = await LmdbEnvironment.open({ path })
  await environment.write((tables) => {
    tables.meta.put(Buffer.from('format'), encodeRecord(1, [2]))
    const tenant = encodeRecord(1, [tenantId, 'root', 5, Buffer.from('sealed')])
    tables.tenants.put(Buffer.from(tenantId), tenant)
    for (const { name, id, tags } of buckets) {
      const row = encodeRecord(1, [tenantId, name, id, 'r', 7, 1, tags])
      tables.buckets.put(Buffer.concat([tenantKey(tenantId), Buffer.from(name)]), row)
    }
  })
  await environment.close()
}

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-layout-'))
  try {
    await body(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

const photos = { name: 'photos', id: '00000000000000aa', tags: ['team', 'a'] }
const spool = { name: '-/spool', id: '00000000000000bb' }
const many = Array.from({ length: 2_500 }, (_, index) => ({
  name: `b-${index}`,
  id: (index + 4096).toString(16).padStart(16, '0'),
}))

async function problemsOf(path: string): Promise<readonly string[]> {
  const environment = await LmdbEnvironment.open({ path })
  const problems: string[] = []
  environment.read((tables) => verifyRows(tables, (what) => problems.push(what)))
  await environment.close()
  return problems
}

describe('buckets of layout 2', (test) => {
  test('are found in the shared namespace with what they had, and by their owner', () =>
    withPath(async (path) => {
      await asLayout2(path, [photos, spool])
      const store = await openStore(path)
      assert.equal((await store.tenants.get(tenantId))?.namespace, defaultNamespace)
      const bucket = await store.buckets.get(defaultNamespace, 'photos')
      assert.ok(bucket)
      assert.deepEqual([bucket.id, bucket.versioning, bucket.createdMs], [photos.id, 'enabled', 7])
      const tags = { document: [{ key: 'team', value: 'a' }], revision: 1 }
      assert.deepEqual(await store.bucketConfigs.get(bucket, 'tagging'), tags)
      assert.equal(bucket.configRevision, 1)
      const page = { namespace: defaultNamespace, prefix: '', limit: 9 }
      const listed = await store.buckets.list(tenantId, page)
      assert.deepEqual(listed, { buckets: [bucket], isTruncated: false })
      await put(store, bucket, 'k')
      await store.close()
      assert.deepEqual(await problemsOf(path), [])
    }))

  test('that the server keeps for itself are where no request can name them', () =>
    withPath(async (path) => {
      await asLayout2(path, [photos, spool])
      const store = await openStore(path)
      assert.equal(await store.buckets.get(defaultNamespace, spool.name), undefined)
      const hidden = await store.buckets.get(hiddenNamespace(tenantId), spool.name)
      assert.equal(hidden?.id, spool.id)
      await store.close()
    }))

  test('are moved in pages, and a migration that was cut off goes on', () =>
    withPath(async (path) => {
      await asLayout2(path, [...many, spool])
      const environment = await LmdbEnvironment.open({ path })
      let left = 2
      const cut: Pick<LmdbEnvironment, 'write'> = {
        write: async (verb) => {
          left -= 1
          if (left < 0) throw new Error('cut off')
          return environment.write(verb)
        },
      }
      const finish = () => assert.fail('finished')
      await assert.rejects(migrateBuckets(cut, finish), /cut off/)
      await environment.close()
      assert.deepEqual(await problemsOf(path), [])

      const store = await openStore(path)
      const page = { namespace: defaultNamespace, prefix: '', limit: 5_000 }
      const { buckets } = await store.buckets.list(tenantId, page)
      assert.equal(buckets.length, many.length)
      for (const { name, id } of many) {
        assert.equal((await store.buckets.get(defaultNamespace, name))?.id, id)
      }
      await store.close()
      assert.deepEqual(await problemsOf(path), [])
    }))

  test('are not opened by a process that is not the first', () =>
    withPath(async (path) => {
      await asLayout2(path, [photos])
      const worker = { path, random: randomBytes, role: 'worker' } as const
      await assert.rejects(LmdbMetadataStore.open(worker), /metadata are of format 2, not \d/)
      const store = await openStore(path)
      const bucket = await store.buckets.get(defaultNamespace, 'photos')
      assert.ok(bucket)
      assert.equal((await store.objects.commit(newVersion(bucket, 'k'))).is, 'committed')
      await store.close()
    }))
})
