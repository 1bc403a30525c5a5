// Rows that a client can bring about are such that LMDB can split every page of them.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  environmentFile,
  LmdbEnvironment,
  type Tables,
} from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { appendRelease, ownTasks } from '../../metadata/lmdb/outbox-rows.ts'
import { rowBounds, whyUnsplittable } from '../../metadata/lmdb/row-bounds.ts'
import { everyRow } from '../../metadata/lmdb/row-keys.ts'
import { type TableName, tableNames } from '../../metadata/lmdb/tables.ts'
import { verifyPages } from '../../metadata/lmdb/verify-pages.ts'
import type { Bucket } from '../../metadata/records.ts'
import {
  chunk,
  chunks,
  makeBucket,
  newVersion,
  put,
  remove,
} from '../contracts/metadata-fixture.ts'
import { everything, lease, ofKey } from '../contracts/metadata-lease-fixture.ts'
import { describe } from '../support/describe.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-bounds-'))
  try {
    await body(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

const openStore = (path: string) =>
  LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

const newUpload = (key: string) => ({
  ...{ key, initiatedMs: 5, headers: {}, userMetadata: {}, tags: [], storageClass: 'STANDARD' },
})

type Lengths = { shortest: number; longest: number; shortestValue: number }

function lengthsOf(tables: Tables, name: TableName): Lengths {
  const lengths = { shortest: Number.POSITIVE_INFINITY, longest: 0, shortestValue: 9e9 }
  for (const { key, value } of tables[name].rows(everyRow)) {
    lengths.shortest = Math.min(lengths.shortest, key.length)
    lengths.longest = Math.max(lengths.longest, key.length)
    lengths.shortestValue = Math.min(lengths.shortestValue, value.length)
  }
  return lengths
}

const nuls = '\0'.repeat(1024)

/** Of two letters each, in order. */
const shortKeys = Array.from({ length: 46 * 46 }, (_, index) =>
  String.fromCharCode(0x30 + Math.floor(index / 46), 0x30 + (index % 46)),
)

function longKey(random: SeededBytes): string {
  const length = random.integer(10) < 4 ? 492 : 500
  return `x${random.integer(2 ** 40)}`.padEnd(length, 'y')
}

/** Rows of a key in every table that knows keys. */
async function fillWith(store: LmdbMetadataStore, bucket: Bucket, key: string): Promise<void> {
  await store.leases.take(lease(`held-${key.length}`, everything, ofKey(bucket, key)))
  await store.buckets.setVersioning(bucket, 'enabled')
  await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
  const { versionId } = await put(store, bucket, key)
  await put(store, bucket, key)
  await remove(store, bucket, key, versionId)
  await store.buckets.setVersioning(bucket, 'suspended')
  await put(store, bucket, key)
  await store.uploads.create(bucket, newUpload(key))
}

describe('bounds of rows', (test) => {
  for (const name of tableNames) {
    test(`of ${name} are such that every page can be split`, () => {
      assert.equal(whyUnsplittable(rowBounds[name]), undefined)
    })
  }

  test('would tell the keys that layout 6 had, and keys of which two do not fit into a page', () => {
    const tell = (from: number, to: number, value: number) => whyUnsplittable({ from, to, value })
    assert.match(tell(9, 8 + 1024, 16) ?? '', /^a branch with 16 short keys/)
    assert.match(tell(20, 1044, 16) ?? '', /^a branch with 16 short keys/)
    assert.equal(tell(21, 1044, 16), undefined)
    assert.match(tell(9, 20, 4) ?? '', /^a leaf with 16 short rows/)
    assert.equal(tell(21, 4026, 16), undefined)
    assert.match(tell(21, 4060, 16) ?? '', /^two keys/)
  })

  test('hold for rows of the shortest key and of 1,024 NULs, and those are as long as keys get', () =>
    withPath(async (path) => {
      const store = await openStore(path)
      const bucket = await makeBucket(store, 'one')
      for (const key of ['k', nuls]) await fillWith(store, bucket, key)
      await store.close()
      const environment = await LmdbEnvironment.open({ path })
      await environment.write((tables) => {
        appendRelease(tables, ownTasks, { what: 'leaseScopes', life: 1 })
      })
      const all = new Map(
        tableNames.map((name) => [name, lengthsOf(environment.tables, name)] as const),
      )
      await environment.close()
      for (const [name, { shortest, longest, shortestValue }] of all) {
        if (longest === 0) continue
        const { from, to, value } = rowBounds[name]
        assert.ok(shortest >= from && longest <= to, `${name}: ${shortest} to ${longest}`)
        assert.ok(shortestValue >= value, `${name}: a value of ${shortestValue}`)
      }
      for (const name of ['objects', 'nullVersions', 'versions', 'graveyard', 'uploads'] as const) {
        assert.equal(all.get(name)?.longest, rowBounds[name].to, name)
      }
      assert.equal(all.get('objects')?.shortest, rowBounds.objects.from)
      // Of a row of its own: the scope of a key has none.
      assert.equal(all.get('leaseScopes')?.longest, rowBounds.leaseScopes.to - 16)
      assert.equal(all.get('leaseScopes')?.shortest, rowBounds.leaseScopes.from)
    }))

  test('are kept: LMDB never sees a key that is too short or too long', () =>
    withPath(async (path) => {
      const environment = await LmdbEnvironment.open({ path })
      for (const bytes of [20, 1045]) {
        const key = Buffer.alloc(bytes, 7)
        const written = environment.write(({ objects }) => objects.put(key, Buffer.alloc(90)))
        await assert.rejects(written, /a key of a row that is out of bounds/)
      }
      await environment.write(({ objects }) => objects.put(Buffer.alloc(21), Buffer.alloc(90)))
      assert.equal(environment.tables.objects.count(), 1)
      await environment.close()
    }))

  // Seventeen pages of short keys or a few more, then pages of keys for which the root has just no room.
  test('let a bucket have many short keys beside many of half a thousand bytes', async () => {
    const random = seededBytes()
    for (let round = 1; round <= 12; round += 1) {
      await withPath(async (path) => {
        const store = await openStore(path)
        const bucket = await makeBucket(store, 'one')
        const commitAll = async (keys: readonly string[]) => {
          const commits = keys.map((key) => store.objects.commit(newVersion(bucket, key)))
          for (const { is } of await Promise.all(commits)) assert.equal(is, 'committed')
        }
        await commitAll(shortKeys.slice(0, 1550 + random.integer(80)))
        for (let many = 0; many < 260; many += 2) {
          await commitAll([longKey(random), longKey(random)])
        }
        await store.close()
        assert.equal(verifyPages(environmentFile(path)), undefined)
      })
    }
  })
})
