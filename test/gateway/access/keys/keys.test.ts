import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BadMasterKeyFile,
  masterKeyFrom,
  openMasterKey,
} from '../../../../gateway/access/keys/master-key-file.ts'
import {
  BadSealedSecret,
  openSecret,
  sealSecret,
} from '../../../../gateway/access/keys/seal-secret.ts'
import { TenantKeyring } from '../../../../gateway/access/keys/tenant-keyring.ts'
import { deriveTenantKeys, newRootKey } from '../../../../gateway/access/keys/tenant-keys.ts'
import type { TenantId } from '../../../../metadata/records.ts'
import { chunkIdOf } from '../../../../protocol/chunks/chunk-id.ts'
import { describe } from '../../../support/describe.ts'

const parseTenantId = (name: string) => name as TenantId
const alice = parseTenantId('alice')
const bob = parseTenantId('bob')
const maySeal = { random: randomBytes, mayCreate: true }

describe('the master key file', (test) => {
  let directory = ''
  test.before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-keys-'))
  })
  test.after(() => rm(directory, { recursive: true }))

  test('is made at the first start, with mode 0600, and found at the next', async () => {
    const path = join(directory, 'made')
    const first = await openMasterKey(path, maySeal)
    assert.equal(first.created, true)
    const { mode, size } = await stat(path)
    assert.deepEqual([mode & 0o777, size], [0o600, 32])
    const second = await openMasterKey(path, maySeal)
    assert.equal(second.created, false)
    assert.ok(second.key.sealingKey.equals(first.key.sealingKey))
    assert.deepEqual(await readdir(directory), ['made'])
  })

  test('made by two at once is one', async () => {
    const path = join(directory, 'raced')
    const both = await Promise.all([openMasterKey(path, maySeal), openMasterKey(path, maySeal)])
    assert.ok(both[0].key.sealingKey.equals(both[1].key.sealingKey))
  })

  test('is not made anew where data need the old one', async () => {
    const path = join(directory, 'missing')
    const opening = openMasterKey(path, { random: randomBytes, mayCreate: false })
    await assert.rejects(opening, BadMasterKeyFile)
    await assert.rejects(stat(path))
  })

  for (const mode of [0o640, 0o604, 0o620, 0o602]) {
    test(`of mode 0${mode.toString(8)} is refused with what to do`, async () => {
      const path = join(directory, `mode-${mode}`)
      await writeFile(path, randomBytes(32))
      await chmod(path, mode)
      await assert.rejects(openMasterKey(path, maySeal), /chmod 600/)
    })
  }

  for (const length of [0, 31, 33, 64]) {
    test(`of ${length} bytes is refused`, async () => {
      const path = join(directory, `length-${length}`)
      await writeFile(path, randomBytes(length), { mode: 0o600 })
      await assert.rejects(openMasterKey(path, maySeal), /instead of 32/)
    })
  }

  test('what a killed first start has left of it is removed, and nothing else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-key-'))
    const path = join(directory, 'master.key')
    const options = { random: randomBytes, mayCreate: true }
    await openMasterKey(path, options)
    const others = ['master.key.old', 'other.key.0123456789abcdef.new', 'master.key.new']
    for (const name of [...others, 'master.key.0123456789abcdef.new']) {
      await writeFile(join(directory, name), 'x')
    }
    await openMasterKey(path, options)
    assert.deepEqual((await readdir(directory)).sort(), ['master.key', ...others].sort())
    await rm(directory, { recursive: true })
  })
})

describe('secrets sealed under the master key', (test) => {
  const master = masterKeyFrom(randomBytes(32))
  const plaintext = Buffer.from('wJalrXUtnFEMI')
  const name = { is: 'secretAccessKey', tenantId: alice, accessKeyId: 'AKIA1' } as const
  const sealed = sealSecret(master, { name, plaintext }, randomBytes)

  test('open again', () => {
    assert.ok(openSecret(master, name, sealed).equals(plaintext))
  })

  test('do not open under the name of another', () => {
    const others = [
      { ...name, accessKeyId: 'AKIA2' },
      { ...name, tenantId: bob },
      { is: 'tenantRootKey', tenantId: alice } as const,
    ]
    for (const other of others) {
      assert.throws(() => openSecret(master, other, sealed), BadSealedSecret)
    }
  })

  test('do not open under another master key, altered, or cut', () => {
    const other = masterKeyFrom(randomBytes(32))
    assert.throws(() => openSecret(other, name, sealed), BadSealedSecret)
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed)
      altered[at] = (altered[at] ?? 0) ^ 1
      assert.throws(() => openSecret(master, name, altered), BadSealedSecret)
      assert.throws(() => openSecret(master, name, sealed.subarray(0, at)), BadSealedSecret)
    }
  })
})

describe('the keys of tenants', (test) => {
  const master = masterKeyFrom(randomBytes(32))
  const tenantOf = (id: TenantId) => {
    const name = { is: 'tenantRootKey', tenantId: id } as const
    return {
      id,
      sealedKey: sealSecret(master, { name, plaintext: newRootKey(randomBytes) }, randomBytes),
    }
  }

  test('follow from the root key, and differ from each other', () => {
    const rootKey = newRootKey(randomBytes)
    const keys = deriveTenantKeys(alice, rootKey)
    const again = deriveTenantKeys(alice, rootKey)
    assert.ok(
      chunkIdOf(keys, rootKey).equals(chunkIdOf(again, rootKey)) &&
        keys.dataKey.equals(again.dataKey),
    )
    assert.ok(keys.inlineKeys.key(7).equals(again.inlineKeys.key(7)))
    const numbers = [0, 1, 255].map((number) => keys.inlineKeys.key(number))
    const all = [keys.dataKey, ...numbers].map((key) => key.export().toString('hex'))
    assert.equal(new Set(all).size, all.length)
  })

  test('are derived once while the keyring holds them', () => {
    const ring = new TenantKeyring({ master, tenantsMax: 2 })
    const [a, b, c] = [tenantOf(alice), tenantOf(bob), tenantOf(parseTenantId('carol'))]
    const [keysOfA, keysOfB] = [ring.keysOf(a), ring.keysOf(b)]
    assert.equal(ring.keysOf(a), keysOfA)
    ring.keysOf(c)
    assert.equal(ring.keysOf(a), keysOfA)
    assert.notEqual(ring.keysOf(b), keysOfB)
    assert.ok(ring.keysOf(b).dataKey.equals(keysOfB.dataKey))
  })

  test('of a tenant made anew under an old name are not the old ones', () => {
    const ring = new TenantKeyring({ master, tenantsMax: 2 })
    const old = ring.keysOf(tenantOf(alice))
    assert.ok(!ring.keysOf(tenantOf(alice)).dataKey.equals(old.dataKey))
  })

  test('do not come out of a row copied from another tenant', () => {
    const ring = new TenantKeyring({ master, tenantsMax: 2 })
    const { sealedKey } = tenantOf(bob)
    assert.throws(() => ring.keysOf({ id: alice, sealedKey }), BadSealedSecret)
  })
})
