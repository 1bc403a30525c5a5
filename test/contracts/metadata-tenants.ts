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
