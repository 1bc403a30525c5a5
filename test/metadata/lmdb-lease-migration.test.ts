// A store in which leases had one horizon for everybody is opened by a program that knows their scopes.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeRecord } from '../../metadata/codec/record-frame.ts'
import type { Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { numberKey } from '../../metadata/lmdb/row-keys.ts'
import type { ManifestId } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import type { Bucket } from '../../metadata/records.ts'
import {
  blobName,
  chunk,
  chunks,
  drain,
  makeBucket,
  put,
  remove,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { withoutChecksums } from '../support/without-checksums.ts'
import { asLayout2 } from './as-layout-2.ts'

type OldLease = { readonly leaseId: string; readonly purpose: string; readonly horizon: number }

function manifestId(number: number): ManifestId {
  const id = parseManifestId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

const openStore = (path: string) =>
  LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

/** As an older program would have left it: what is deleted waits in the outbox, behind the horizon. */
async function asLayout1(path: string, leases: readonly OldLease[]): Promise<void> {
  const more = (tables: Tables) => {
    const horizons = leases.map(({ horizon }) => horizon)
    asLayout2(tables)
    tables.meta.put(Buffer.from('horizon'), numberKey(Math.min(...horizons)))
    for (const { leaseId, purpose, horizon } of leases) {
      const row = encodeRecord(1, [leaseId, purpose, 9000, horizon])
      tables.leases.put(Buffer.from(leaseId), row)
    }
  }
  await withoutChecksums(path, { format: 1, more })
}

/** Objects of one chunk each, deleted one after the other: their releases are numbered from 1. */
async function deleteAll(store: MetadataStore, bucket: Bucket, keys: readonly string[]) {
  for (const key of keys) await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
  const rows = new Map<string, string>()
  for (const key of keys) {
    const version = await store.objects.get(bucket, key)
    assert.ok(version)
    rows.set(key, version.rowId)
  }
  for (const key of keys) await remove(store, bucket, key)
  return rows
}

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-layout-'))
  try {
    await body(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

const names = (keys: readonly string[]) => keys.map((key) => blobName(chunk(key, 1)))

describe('leases of layout 1', (test) => {
  test('hold what was deleted behind their horizon, and everything from then on, until they end', () =>
    withPath(async (path) => {
      const before = await openStore(path)
      const bucket = await makeBucket(before, 'one')
      await deleteAll(before, bucket, ['a', 'b', 'c', 'd'])
      await put(before, bucket, 'e', { data: chunks(chunk('e', 1)) })
      await before.close()
      await asLayout1(path, [
        { leaseId: 'late', purpose: 'unknown', horizon: 3 },
        { leaseId: 'early', purpose: 'unknown', horizon: 1 },
        { leaseId: 'read-1', purpose: 'read', horizon: 0 },
      ])

      const store = await openStore(path)
      assert.deepEqual(await drain(store), names(['a']))
      await remove(store, bucket, 'e')
      assert.deepEqual(await drain(store), [])
      await store.leases.letGo('early')
      assert.deepEqual([...(await drain(store))].sort(), names(['b', 'c']).sort())
      assert.deepEqual(await store.leases.renew('late', 9500), { is: 'renewed' })
      assert.equal(await store.leases.expire(9501), 1)
      assert.deepEqual([...(await drain(store))].sort(), names(['d', 'e']).sort())
      assert.equal(await store.outbox.depthEstimate(), 0)
      await store.close()
    }))

  test('of archives and bundles hold what their manifests name, and no more', () =>
    withPath(async (path) => {
      const before = await openStore(path)
      const bucket = await makeBucket(before, 'one')
      const rows = await deleteAll(before, bucket, ['a', 'b', 'c'])
      const id = manifestId(1)
      await before.manifests.begin({ manifestId: id, tenantId, scope: 's', nowMs: 1 })
      const source = { bucketId: bucket.id, key: 'b', rowId: rows.get('b') ?? '' }
      const entry = { name: 'b', size: 1, crc32: 0, modifiedMs: 0, source }
      await before.manifests.putPages(id, [{ offset: 0, centralOffset: 0, entries: [entry] }])
      await before.manifests.seal(id, {
        etag: 'e',
        crc32: 0,
        entries: 1,
        totalBytes: 100,
        directory: { offset: 50, bytes: 20 },
        modifiedMs: 0,
      })
      await before.close()
      await asLayout1(path, [
        { leaseId: id, purpose: 'zip', horizon: 0 },
        { leaseId: `bundle-${manifestId(7)}`, purpose: 'bundle', horizon: 0 },
      ])

      const store = await openStore(path)
      assert.deepEqual([...(await drain(store))].sort(), names(['a', 'c']).sort())
      assert.ok(await store.objects.getRow(bucket.id, 'b', source.rowId))
      await store.leases.letGo(id)
      assert.deepEqual(await drain(store), names(['b']))
      await store.close()
    }))

  test('are refused by a process that is not the first, and migrated but once', () =>
    withPath(async (path) => {
      await (await openStore(path)).close()
      await asLayout1(path, [{ leaseId: 'z', purpose: 'unknown', horizon: 0 }])
      const worker = { path, random: randomBytes, role: 'worker' } as const
      await assert.rejects(LmdbMetadataStore.open(worker), /metadata are of format 1, not \d/)
      await (await openStore(path)).close()
      const store = await openStore(path)
      assert.deepEqual(await store.leases.renew('z', 1), { is: 'renewed' })
      await store.close()
    }))
})
