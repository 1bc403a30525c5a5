// The root user's key: made once, kept, replaced by the operator, refused where it cannot be.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { prepareRootUser, type RootUserParts } from '../../../deploy/process/root-user.ts'
import { rootTenantId } from '../../../gateway/access/identity.ts'
import { masterKeyFrom } from '../../../gateway/access/keys/master-key-file.ts'
import { openSecret } from '../../../gateway/access/keys/seal-secret.ts'
import type { AccessKey, TenantId } from '../../../metadata/records.ts'
import { describe } from '../../support/describe.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { openFakeTenants } from '../fake-engines.ts'

const masterKey = masterKeyFrom(Buffer.alloc(32, 7))
const wanted = { accessKeyId: 'admin', secretKey: 'very-secret-1' }

describe('the root user', (test) => {
  const directory = makeTemporaryDirectory()
  test.after(() => directory.remove())
  let made = 0

  function parts(change: Partial<RootUserParts> = {}): RootUserParts {
    const tenants = openFakeTenants(join(directory.path, `${made++}.json`))
    return { tenants, masterKey, wanted: undefined, random: randomBytes, nowMs: 1, ...change }
  }

  function secretOf(row: AccessKey | undefined): string {
    assert.ok(row !== undefined)
    const { tenantId, accessKeyId } = row
    const name = { is: 'secretAccessKey', tenantId, accessKeyId } as const
    return openSecret(masterKey, name, row.sealedSecret).toString()
  }

  test('gets a key of its own at the first start, and keeps it', async () => {
    const first = parts()
    const created = await prepareRootUser(first)
    assert.ok(created.is === 'created' && created.made)
    assert.deepStrictEqual(await prepareRootUser(first), { is: 'existing' })
    const row = await first.tenants.getAccessKey(created.key.accessKeyId)
    assert.strictEqual(secretOf(row), created.key.secretKey)
    assert.strictEqual(row?.tenantId, rootTenantId)
  })

  test('gets the configured key when there is one', async () => {
    const first = parts({ wanted })
    const created = await prepareRootUser(first)
    assert.deepStrictEqual(created, { is: 'created', key: wanted, made: false })
    assert.strictEqual(secretOf(await first.tenants.getAccessKey('admin')), wanted.secretKey)
  })

  test('a key configured later is valid besides the first', async () => {
    const first = parts()
    const created = await prepareRootUser(first)
    assert.ok(created.is === 'created')
    await prepareRootUser({ ...first, wanted })
    assert.strictEqual(secretOf(await first.tenants.getAccessKey('admin')), wanted.secretKey)
    assert.ok(await first.tenants.getAccessKey(created.key.accessKeyId))
  })

  test('another secret for the same key replaces the old one; the same one writes nothing', async () => {
    const first = parts({ wanted })
    await prepareRootUser(first)
    const before = await first.tenants.getAccessKey('admin')
    await prepareRootUser({ ...first, nowMs: 2 })
    assert.deepStrictEqual(await first.tenants.getAccessKey('admin'), before)
    await prepareRootUser({ ...first, wanted: { ...wanted, secretKey: 'very-secret-2' } })
    assert.strictEqual(secretOf(await first.tenants.getAccessKey('admin')), 'very-secret-2')
  })

  test('a key of another tenant is refused', async () => {
    const first = parts()
    await prepareRootUser(first)
    const tenantId = 'other' as TenantId
    const sealedSecret = Buffer.alloc(40)
    const status = 'active' as const
    const row = {
      accessKeyId: 'admin',
      tenantId,
      userName: 'x',
      status,
      createdMs: 1,
      sealedSecret,
    }
    await first.tenants.putAccessKey(row)
    await assert.rejects(prepareRootUser({ ...first, wanted }), { name: 'RootKeyTaken' })
  })

  test('a master key that does not belong to the data is met at the start', async () => {
    const first = parts()
    await prepareRootUser(first)
    const foreign = masterKeyFrom(Buffer.alloc(32, 8))
    await assert.rejects(prepareRootUser({ ...first, masterKey: foreign }), {
      name: 'BadSealedSecret',
    })
  })
})
