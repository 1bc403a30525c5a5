// A store in which keys of rows were shorter is brought forward, wherever that was cut off.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkLayoutFormat } from '../../metadata/lmdb/layout-format.ts'
import { layoutOf, putLayout } from '../../metadata/lmdb/layout-row.ts'
import { everythingPlace } from '../../metadata/lmdb/lease-scopes.ts'
import { environmentFile, LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { RowChecksum } from '../../metadata/lmdb/row-checksum.ts'
import { everyRow } from '../../metadata/lmdb/row-keys.ts'
import { tableNames } from '../../metadata/lmdb/tables.ts'
import { verifyPages } from '../../metadata/lmdb/verify-pages.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { verifyVersions } from '../../metadata/lmdb/verify-versions.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { makeBucket, newVersion, put, remove, tenantId } from '../contracts/metadata-fixture.ts'
import { everything, lease } from '../contracts/metadata-lease-fixture.ts'
import { describe } from '../support/describe.ts'
import { asBeforeLayout7 } from '../support/without-checksums.ts'

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
  body: (environment: LmdbEnvironment) => T | Promise<T>,
): Promise<T> {
  const environment = await LmdbEnvironment.open({ path })
  try {
    return await body(environment)
  } finally {
    await environment.close()
  }
}

/** More than fit into two steps, those that begin with NULs among them. */
const keys = Array.from({ length: 4_500 }, (_, index) => `${'\0'.repeat(index % 40)}k${index}`)

async function fill(path: string): Promise<void> {
  const store = await openStore(path)
  const bucket = await makeBucket(store, 'one')
  await Promise.all(keys.map((key) => store.objects.commit(newVersion(bucket, key))))
  const suspended = await makeBucket(store, 'two', 'suspended')
  for (const key of ['\0', 'a', 'b'.repeat(1024)]) await put(store, suspended, key)
  await store.leases.take(lease('everything', everything))
  await store.close()
}

/** As a program of layout 6 would have left it. */
function asLayout6(path: string): Promise<void> {
  return withEnvironment(path, (environment) =>
    environment.write((tables) => {
      asBeforeLayout7(environment)
      for (const name of ['leaseScopes', 'leaseScopesOf'] as const) {
        const checksum = new RowChecksum(name)
        for (const { key } of [...tables[name].rows(everyRow)]) {
          const at = name === 'leaseScopes' ? 0 : 8
          const old = Buffer.concat([
            key.subarray(0, at + 1),
            key.subarray(at + everythingPlace.length),
          ])
          tables[name].remove(key)
          tables[name].putStored(old, checksum.seal(old, Buffer.alloc(0)))
        }
      }
      putLayout(tables, 6)
    }),
  )
}

function dump(path: string): Promise<readonly string[]> {
  return withEnvironment(path, ({ tables }) =>
    tableNames.flatMap((name) =>
      Array.from(
        tables[name].rows(everyRow),
        ({ key, value }) => `${name} ${key.toString('hex')} ${value.toString('hex')}`,
      ),
    ),
  )
}

/** Cuts the step off after so many commits. Answers how many there were, those of later steps aside, and whether it was done. */
function cutOff(path: string, commits: number): Promise<{ done: boolean; used: number }> {
  return withEnvironment(path, async (environment) => {
    const write = environment.write.bind(environment)
    let used = 0
    environment.write = (verb) => {
      const layout = environment.read(layoutOf)
      if (layout.rows !== 'none' && layout.format >= 7) return write(verb)
      if (used === commits) return Promise.reject(new Error('cut off'))
      used += 1
      return write(verb)
    }
    return checkLayoutFormat(environment, 'primary').then(
      () => ({ done: true, used }),
      () => ({ done: false, used }),
    )
  })
}

describe('keys of rows of layout 6', (test) => {
  test('are brought forward in pages, go on where that was cut off, and nothing else changes', () =>
    withPath(async (path) => {
      await fill(path)
      const before = await dump(path)
      let whole = 0
      for (let commits = 0; ; commits += 1) {
        await asLayout6(path)
        const first = await cutOff(path, commits)
        if (first.done) {
          whole = first.used
          break
        }
        const worker = { path, random: randomBytes, role: 'worker' } as const
        await assert.rejects(LmdbMetadataStore.open(worker), /of format 6, not \d: start a server/)
        const second = await cutOff(path, 99)
        assert.ok(second.done)
        if (commits > 1) assert.ok(second.used < 9 && first.used > 1)
        assert.deepEqual(await dump(path), before)
        assert.equal(verifyPages(environmentFile(path)), undefined)
      }
      assert.deepEqual(await dump(path), before)
      // Clear, three pages, one of null versions, one of scopes, the end.
      assert.equal(whole, 7)
    }))

  test('that were moved go on behind the last page, unless somebody has written meanwhile', () =>
    withPath(async (path) => {
      await fill(path)
      const before = await dump(path)
      for (const isWritten of [false, true]) {
        await asLayout6(path)
        assert.equal((await cutOff(path, 3)).done, false)
        if (isWritten) {
          // An older program takes an object away that was moved already.
          await withEnvironment(path, (environment) =>
            environment.write(({ listing }) => {
              const row = listing.first(everyRow)
              assert.ok(row)
              listing.remove(row.key)
            }),
          )
        }
        // Three of seven are done; or all again.
        assert.deepEqual(await cutOff(path, 99), { done: true, used: isWritten ? 7 : 4 })
        const after = await dump(path)
        assert.equal(after.length, before.length - (isWritten ? 1 : 0))
        assert.ok(isWritten || after.every((row, index) => row === before[index]))
      }
    }))

  test('are checked as they are, before and in the middle', () =>
    withPath(async (path) => {
      await fill(path)
      await asLayout6(path)
      for (const commits of [0, 3]) {
        await cutOff(path, commits)
        const problems: string[] = []
        const tell = (what: string) => problems.push(what)
        const counts = await withEnvironment(path, ({ tables }) => {
          verifyRows(tables, tell)
          return verifyVersions(tables, { keysOf: () => undefined, tell })
        })
        assert.deepEqual(problems, [])
        assert.equal(counts.objects, keys.length + 3)
      }
    }))

  test('keep a lease of everything', () =>
    withPath(async (path) => {
      await fill(path)
      await asLayout6(path)
      const store = await openStore(path)
      const page = { namespace: defaultNamespace, prefix: 'one', limit: 1 }
      const [bucket] = (await store.buckets.list(tenantId, page)).buckets
      assert.ok(bucket)
      await remove(store, bucket, keys[0] ?? '')
      assert.deepEqual(await store.leases.holding('zip', { limit: 9 }), ['everything'])
      await store.leases.letGo('everything')
      assert.deepEqual(await store.leases.holding('zip', { limit: 9 }), [])
      await store.close()
    }))
})
