// A store in which tenants were found by id alone is opened by a program that finds them by name, and keys by tenant.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeRecord } from '../../metadata/codec/record-frame.ts'
import { encodeAccessKey } from '../../metadata/codec/tenancy-codec.ts'
import { putLayout } from '../../metadata/lmdb/layout-row.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { migrateTenants } from '../../metadata/lmdb/migrate-tenants.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { AccessKey } from '../../metadata/records.ts'
import { tenant, tenantId } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'

const openStore = (path: string) =>
  LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

const sealedKey = Buffer.from('sealed')
const key = (accessKeyId: string): AccessKey => ({
  ...{ accessKeyId, tenantId, userName: 'root', status: 'active', createdMs: 6 },
  sealedSecret: Buffer.from('secret'),
})
const many = Array.from({ length: 2_500 }, (_, at) => key(`AKIA${`${at}`.padStart(4, '0')}`))

async function change(path: string, verb: (tables: Tables) => void): Promise<void> {
  const environment = await LmdbEnvironment.open({ path })
  await environment.write(verb)
  await environment.close()
}

/** As a program of layout 7 would have left it. */
async function asLayout7(path: string, keys: readonly AccessKey[]): Promise<void> {
  const store = await openStore(path)
  await store.close()
  await change(path, (tables) => {
    const row = encodeRecord(2, [tenantId, 'root', 5, sealedKey, defaultNamespace])
    tables.tenants.put(Buffer.from(tenantId), row)
    for (const each of keys) {
      tables.accessKeys.put(Buffer.from(each.accessKeyId), encodeAccessKey(each))
    }
    putLayout(tables, 7)
  })
}

async function problemsOf(path: string): Promise<readonly string[]> {
  const environment = await LmdbEnvironment.open({ path })
  const problems: string[] = []
  environment.read((tables) => verifyRows(tables, (what) => problems.push(what)))
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

describe('tenants of layout 7', (test) => {
  test('are found by name, their keys by tenant, and have a state', () =>
    withPath(async (path) => {
      await asLayout7(path, [key('AKIA2'), key('AKIA1')])
      assert.deepEqual(await problemsOf(path), [])
      const { tenants, close } = await openStore(path).then((store) => ({
        tenants: store.tenants,
        close: () => store.close(),
      }))
      const root = {
        ...{ id: tenantId, name: 'root', namespace: defaultNamespace, createdMs: 5, sealedKey },
        ...{ revision: 1, status: 'active' as const, quota: {} },
      }
      assert.deepEqual(await tenants.byName('root'), root)
      const keys = await tenants.listAccessKeys(tenantId, { limit: 9 })
      assert.deepEqual(keys, [key('AKIA1'), key('AKIA2')])
      const other = { ...root, id: tenant('other') }
      const firstKey = { ...key('AKIA3'), tenantId: other.id }
      assert.deepEqual(await tenants.create(other, firstKey), { is: 'exists' })
      assert.deepEqual(await tenants.update({ ...root, revision: 2 }), { is: 'done' })
      await close()
      assert.deepEqual(await problemsOf(path), [])
    }))

  test('are indexed in pages, and a migration that was cut off is done again', () =>
    withPath(async (path) => {
      await asLayout7(path, many)
      const environment = await LmdbEnvironment.open({ path })
      let left = 3
      const cut: Pick<LmdbEnvironment, 'write'> = {
        write: async (verb) => {
          left -= 1
          if (left < 0) throw new Error('cut off')
          return environment.write(verb)
        },
      }
      await assert.rejects(
        migrateTenants(cut, () => assert.fail('finished')),
        /cut off/,
      )
      await environment.close()
      const store = await openStore(path)
      const keys = await store.tenants.listAccessKeys(tenantId, { limit: 5_000 })
      assert.deepEqual(keys, many)
      await store.close()
      assert.deepEqual(await problemsOf(path), [])
    }))
})

describe('a check of tenants', (test) => {
  const told = async (hurt: (tables: Tables) => void): Promise<readonly string[]> => {
    let problems: readonly string[] = []
    await withPath(async (path) => {
      await asLayout7(path, [key('AKIA1')])
      const store = await openStore(path)
      const group = { id: 'AGPA1', name: 'g', path: '/', createdMs: 1, inline: [], attached: [] }
      await store.identities.commit(tenantId, {
        ...{ ifRevision: 0, remove: [] },
        put: [{ kind: 'group', name: 'g', document: group }],
      })
      await store.tenants.noteKeyUse('AKIA1', { usedMs: 1, service: 's3', region: 'r' })
      await store.close()
      assert.deepEqual(await problemsOf(path), [])
      await change(path, hurt)
      problems = await problemsOf(path)
    })
    return problems
  }

  test('tells of names that lead nowhere, or elsewhere', async () => {
    const name = Buffer.from('root')
    const lost = await told(({ tenantNames }) => tenantNames.remove(name))
    assert.deepEqual(lost, [`tenant ${tenantId} is not found by its name`])
    const wrong = await told(({ tenantNames }) => tenantNames.put(name, Buffer.from('other')))
    assert.match(wrong.join(), /the name root is said to be of a tenant that does not have it/)
    const left = await told(({ tenants, identities, tenantNames }) => {
      tenants.remove(Buffer.from(tenantId))
      for (const { key } of identities.rows({ start: Buffer.of(0), end: Buffer.of(255) })) {
        identities.remove(key)
      }
      assert.ok(tenantNames.has(name))
    })
    assert.match(left.join(), /the name root is said to be of a tenant that does not have it/)
  })

  test('tells of keys that their tenant does not have, and of uses without a key', async () => {
    const every = { start: Buffer.of(0), end: Buffer.of(255) }
    const lost = await told(({ keysOfTenants }) => {
      for (const { key } of keysOfTenants.rows(every)) keysOfTenants.remove(key)
    })
    assert.match(lost.join(), /an access key is missing among those of its tenant/)
    const left = await told(({ accessKeys }) => accessKeys.remove(Buffer.from('AKIA1')))
    assert.match(left.join(), /said to have an access key that is not its own/)
    assert.match(left.join(), /a use of an access key that is not there \(AKIA1\)/)
  })

  test('tells of documents that cannot be read, or are of nobody', async () => {
    const every = { start: Buffer.of(0), end: Buffer.of(255) }
    const broken = await told(({ identities }) => {
      for (const { key } of identities.rows(every)) {
        identities.put(key, encodeRecord(1, ['{']))
      }
    })
    assert.match(broken.join(), /a document of a tenant cannot be read: group: not JSON/)
    assert.match(broken.join(), /a document of a tenant cannot be read: field 0: expected count/)
    const left = await told(({ identities }) => {
      const [row] = [...identities.rows(every)]
      assert.ok(row)
      const key = Buffer.from(row.key)
      key[1] = (key[1] ?? 0) ^ 1
      identities.put(key, row.value)
    })
    assert.match(left.join(), /a document of a tenant is of one that is not there/)
  })
})
