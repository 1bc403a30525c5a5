// Contract of `TenantStore`.

import assert from 'node:assert/strict'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { AccessKey, Tenant } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { type OpenStore, tenant, withStore } from './metadata-fixture.ts'

const acme: Tenant = {
  id: tenant('acme'),
  name: 'Acme',
  namespace: defaultNamespace,
  createdMs: 5,
  revision: 1,
  status: 'active',
  quota: {},
  sealedKey: Buffer.from('sealed'),
}
const key: AccessKey = {
  accessKeyId: 'AKIA1',
  tenantId: acme.id,
  userName: 'root',
  status: 'active',
  createdMs: 6,
  sealedSecret: Buffer.from('secret'),
}

const page = { limit: 9 }
const use = { usedMs: 8, service: 's3', region: 'us-east-1' }

export function tenantsContract(name: string, open: OpenStore): void {
  describe(`${name}: tenants`, (test) => {
    test('a tenant comes back as it was created, with its first key', () =>
      withStore(open, async ({ tenants }) => {
        assert.deepEqual(await tenants.create(acme, key), { is: 'created' })
        assert.deepEqual(await tenants.get(acme.id), acme)
        assert.deepEqual(await tenants.getAccessKey('AKIA1'), key)
        assert.deepEqual(await tenants.list(page), { tenants: [acme], isTruncated: false })
      }))

    test('tenants list in the order of their ids, in pages', () =>
      withStore(open, async ({ tenants }) => {
        for (const name of ['b', 'a-2', 'a', 'c']) {
          const firstKey = { ...key, accessKeyId: `AKIA-${name}`, tenantId: tenant(name) }
          await tenants.create({ ...acme, id: tenant(name), name }, firstKey)
        }
        const ids = async (limits: Parameters<typeof tenants.list>[0]) => {
          const listed = await tenants.list(limits)
          return [...listed.tenants.map(({ id }) => id), listed.isTruncated]
        }
        assert.deepEqual(await ids({ limit: 9 }), ['a', 'a-2', 'b', 'c', false])
        assert.deepEqual(await ids({ limit: 4 }), ['a', 'a-2', 'b', 'c', false])
        assert.deepEqual(await ids({ limit: 2 }), ['a', 'a-2', true])
        assert.deepEqual(await ids({ after: tenant('a'), limit: 2 }), ['a-2', 'b', true])
        assert.deepEqual(await ids({ after: tenant('aa'), limit: 2 }), ['b', 'c', false])
        assert.deepEqual(await ids({ after: tenant('c'), limit: 2 }), [false])
      }))

    test('creating a tenant that exists changes nothing', () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        const other = { ...key, accessKeyId: 'AKIA2' }
        assert.deepEqual(await tenants.create({ ...acme, name: 'Other' }, other), { is: 'exists' })
        assert.equal((await tenants.get(acme.id))?.name, 'Acme')
        assert.equal(await tenants.getAccessKey('AKIA2'), undefined)
      }))

    test('what was never created is absent, however odd its name', () =>
      withStore(open, async ({ tenants }) => {
        assert.equal(await tenants.get(tenant('nobody')), undefined)
        assert.deepEqual(await tenants.list(page), { tenants: [], isTruncated: false })
        for (const id of ['', 'AKIA', 'x'.repeat(10_000), '\u0000', 'ü'.repeat(100)]) {
          assert.equal(await tenants.getAccessKey(id), undefined)
        }
      }))

    test('a tenant comes back with all that it can have', () =>
      withStore(open, async ({ tenants }) => {
        const whole: Tenant = {
          ...{ ...acme, status: 'deleting', deleteAfterMs: 77, region: 'eu-north-1' },
          quota: { bytes: 2 ** 50, objects: 5, buckets: 0 },
        }
        await tenants.create(whole, key)
        assert.deepEqual(await tenants.get(acme.id), whole)
        assert.deepEqual(await tenants.byName('Acme'), whole)
      }))

    test('a tenant is found by its name, which no other can have', () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        assert.deepEqual(await tenants.byName('Acme'), acme)
        for (const name of ['acme', 'Acm', 'Acme ', '', 'x'.repeat(10_000), '\0', '$ne']) {
          assert.equal(await tenants.byName(name), undefined)
        }
        const id = tenant('other')
        const otherKey = { ...key, accessKeyId: 'AKIA2', tenantId: id }
        assert.deepEqual(await tenants.create({ ...acme, id }, otherKey), { is: 'exists' })
        assert.equal(await tenants.get(id), undefined)
        assert.equal(await tenants.getAccessKey('AKIA2'), undefined)
        const stealing = { ...otherKey, accessKeyId: 'AKIA1' }
        const other = { ...acme, id, name: 'other' }
        assert.deepEqual(await tenants.create(other, stealing), { is: 'exists' })
        assert.equal(await tenants.byName('other'), undefined)
        assert.deepEqual(await tenants.create(other, otherKey), { is: 'created' })
        assert.deepEqual(await tenants.byName('other'), other)
      }))

    test('of several who create a tenant of one name at once, one does', () =>
      withStore(open, async ({ tenants }) => {
        const ids = ['a', 'b', 'c', 'd'].map(tenant)
        const answers = await Promise.all(
          ids.map((id) =>
            tenants.create({ ...acme, id }, { ...key, tenantId: id, accessKeyId: `AKIA-${id}` }),
          ),
        )
        const made = ids.filter((_, at) => answers[at]?.is === 'created')
        assert.equal(made.length, 1)
        assert.equal((await tenants.byName('Acme'))?.id, made[0])
        assert.equal((await tenants.list(page)).tenants.length, 1)
        for (const id of ids) {
          const found = await tenants.getAccessKey(`AKIA-${id}`)
          assert.equal(found?.tenantId, id === made[0] ? id : undefined)
        }
      }))

    test('a tenant changes from the revision that it has, and keeps its name', () =>
      withStore(open, async ({ tenants }) => {
        assert.deepEqual(await tenants.update({ ...acme, revision: 2 }), { is: 'noSuchTenant' })
        await tenants.create(acme, key)
        const second: Tenant = { ...acme, revision: 2, status: 'suspended', quota: { bytes: 5 } }
        assert.deepEqual(await tenants.update(second), { is: 'done' })
        assert.deepEqual(await tenants.get(acme.id), second)
        assert.deepEqual(await tenants.byName('Acme'), second)
        for (const stale of [second, { ...acme, revision: 4 }, acme]) {
          assert.deepEqual(await tenants.update(stale), { is: 'changed' })
        }
        const renamed = { ...second, revision: 3, name: 'Other' }
        assert.deepEqual(await tenants.update(renamed), { is: 'changed' })
        assert.equal(await tenants.byName('Other'), undefined)
        const back: Tenant = { ...acme, revision: 3 }
        assert.deepEqual(await tenants.update(back), { is: 'done' })
        assert.deepEqual(await tenants.get(acme.id), back)
      }))

    test('of several who change a tenant of one revision, one does', () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        const changes = [1, 2, 3, 4].map((bytes) => ({ ...acme, revision: 2, quota: { bytes } }))
        const answers = await Promise.all(changes.map((each) => tenants.update(each)))
        assert.deepEqual(answers.map(({ is }) => is).sort(), [
          ...['changed', 'changed', 'changed', 'done'],
        ])
        const won = changes[answers.findIndex(({ is }) => is === 'done')]
        assert.deepEqual(await tenants.get(acme.id), won)
      }))

    test('a tenant is removed with its name, which is then free', () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        await tenants.update({ ...acme, revision: 2 })
        await tenants.remove(acme.id)
        await tenants.remove(acme.id)
        assert.equal(await tenants.get(acme.id), undefined)
        assert.equal(await tenants.byName('Acme'), undefined)
        assert.deepEqual(await tenants.list(page), { tenants: [], isTruncated: false })
        // Its keys are others' to remove.
        assert.deepEqual(await tenants.getAccessKey('AKIA1'), key)
        const again = { ...acme, id: tenant('anew') }
        const newKey = { ...key, accessKeyId: 'AKIA2', tenantId: again.id }
        assert.deepEqual(await tenants.create(again, newKey), { is: 'created' })
        assert.deepEqual(await tenants.byName('Acme'), again)
      }))

    test("a tenant's keys list in the order of their ids, in pages", () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        const near = tenant('acme-2')
        await tenants.create(
          { ...acme, id: near, name: 'near' },
          { ...key, accessKeyId: 'AKIA0', tenantId: near },
        )
        for (const accessKeyId of ['B', 'AKIA11', 'AKIA', 'a', 'AKIA1']) {
          await tenants.putAccessKey({ ...key, accessKeyId, userName: accessKeyId })
        }
        const ids = async (limits: Parameters<typeof tenants.listAccessKeys>[1]) =>
          (await tenants.listAccessKeys(acme.id, limits)).map(({ accessKeyId }) => accessKeyId)
        const all = ['AKIA', 'AKIA1', 'AKIA11', 'B', 'a']
        assert.deepEqual(await ids({ limit: 9 }), all)
        assert.deepEqual(await ids({ limit: 2 }), all.slice(0, 2))
        assert.deepEqual(await ids({ limit: 0 }), [])
        assert.deepEqual(await ids({ after: 'AKIA1', limit: 2 }), ['AKIA11', 'B'])
        assert.deepEqual(await ids({ after: 'AKIA10', limit: 1 }), ['AKIA11'])
        assert.deepEqual(await ids({ after: 'a', limit: 9 }), [])
        assert.deepEqual(await ids({ after: 'B'.repeat(10_000), limit: 9 }), ['a'])
        assert.deepEqual(await ids({ after: '', limit: 9 }), all)
        const [first] = await tenants.listAccessKeys(near, { limit: 9 })
        assert.equal(first?.accessKeyId, 'AKIA0')
        assert.deepEqual(await tenants.listAccessKeys(tenant('nobody'), { limit: 9 }), [])
      }))

    test('a key is removed by its own tenant alone, with what it was used for', () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        await tenants.noteKeyUse('AKIA1', use)
        await tenants.removeAccessKey(tenant('other'), 'AKIA1')
        assert.deepEqual(await tenants.getAccessKey('AKIA1'), key)
        for (const id of ['AKIA2', '', 'x'.repeat(10_000)]) {
          await tenants.removeAccessKey(acme.id, id)
        }
        await tenants.removeAccessKey(acme.id, 'AKIA1')
        await tenants.removeAccessKey(acme.id, 'AKIA1')
        assert.equal(await tenants.getAccessKey('AKIA1'), undefined)
        assert.deepEqual(await tenants.listAccessKeys(acme.id, page), [])
        assert.equal(await tenants.keyUse('AKIA1'), undefined)
        const stolen = { ...key, tenantId: tenant('other') }
        assert.deepEqual(await tenants.putAccessKey(stolen), { is: 'done' })
        assert.equal(await tenants.keyUse('AKIA1'), undefined)
      }))

    test('what a key was used for last is noted, while the key is there', () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        assert.equal(await tenants.keyUse('AKIA1'), undefined)
        await tenants.noteKeyUse('AKIA1', use)
        assert.deepEqual(await tenants.keyUse('AKIA1'), use)
        const later = { usedMs: 9, service: 'iam', region: 'eu-north-1' }
        await tenants.noteKeyUse('AKIA1', later)
        await tenants.putAccessKey({ ...key, status: 'inactive' })
        assert.deepEqual(await tenants.keyUse('AKIA1'), later)
        for (const id of ['AKIA2', '', 'x'.repeat(10_000), '\0']) {
          await tenants.noteKeyUse(id, use)
          assert.equal(await tenants.keyUse(id), undefined)
        }
      }))

    test('a key is replaced by its own tenant and refused to another', () =>
      withStore(open, async ({ tenants }) => {
        await tenants.create(acme, key)
        const inactive = { ...key, status: 'inactive' as const }
        assert.deepEqual(await tenants.putAccessKey(inactive), { is: 'done' })
        assert.deepEqual(await tenants.getAccessKey('AKIA1'), inactive)
        const stolen = { ...key, tenantId: tenant('other') }
        assert.deepEqual(await tenants.putAccessKey(stolen), { is: 'taken' })
        assert.deepEqual(await tenants.getAccessKey('AKIA1'), inactive)
      }))
  })
}
