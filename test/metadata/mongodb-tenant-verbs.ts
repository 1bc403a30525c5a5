// More of `mongodb-write-verbs.ts`: tenants, their documents, and usage.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { AccessKey, Tenant } from '../../metadata/records.ts'
import { makeBucket, put, remove, tenant } from '../contracts/metadata-fixture.ts'
import { named, type WriteVerb } from './mongodb-write-verbs.ts'

const key: AccessKey = {
  ...{ accessKeyId: 'AKIA1', tenantId: tenant('acme'), userName: 'root', createdMs: 6 },
  ...{ status: 'active' as const, sealedSecret: Buffer.from('secret') },
}
const acme: Tenant = {
  ...{ id: tenant('acme'), name: 'Acme', namespace: defaultNamespace, createdMs: 5 },
  ...{ revision: 1, status: 'active', quota: {} },
  sealedKey: Buffer.from('sealed'),
}

const tenants: readonly WriteVerb[] = [
  {
    name: 'tenants.create',
    again: ['exists'],
    prepare: async () => (again) => again.tenants.create(acme, key),
  },
  {
    name: 'tenants.putAccessKey',
    prepare: async () => (again) => again.tenants.putAccessKey(key),
  },
  {
    name: 'tenants.update',
    again: ['changed'],
    prepare: async (store) => {
      await store.tenants.create(acme, key)
      return (again) => again.tenants.update({ ...acme, revision: 2 })
    },
  },
  ...[
    ['remove', ({ tenants }: MetadataStore) => tenants.remove(acme.id)] as const,
    [
      'removeAccessKey',
      ({ tenants }: MetadataStore) => tenants.removeAccessKey(acme.id, 'AKIA1'),
    ] as const,
    [
      'noteKeyUse',
      ({ tenants }: MetadataStore) =>
        tenants.noteKeyUse('AKIA1', { usedMs: 1, service: 's3', region: 'r' }),
    ] as const,
  ].map(([name, call]) => ({
    name: `tenants.${name}`,
    prepare: async (store: MetadataStore) => {
      await store.tenants.create(acme, key)
      return call
    },
  })),
]

const member = (name: string) => ({
  ...{ kind: 'membership' as const, name, document: { userName: name } },
})

const usage: readonly WriteVerb[] = [
  {
    name: 'usage.fold',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b', 'enabled')
      const { versionId } = await remove(store, bucket, 'k')
      await remove(store, bucket, 'k', versionId)
      for (const key of ['a', 'b']) await put(store, bucket, key)
      return (again) => again.usage.fold(9)
    },
  },
]

const identities: readonly WriteVerb[] = [
  ...[0, 1].map((ifRevision) => ({
    name: `identities.commit, from revision ${ifRevision}`,
    prepare: async (store: MetadataStore) => {
      const first = { ifRevision: 0, put: [member('a')], remove: [] }
      if (ifRevision === 1) await store.identities.commit(acme.id, first)
      const put = ['b', 'c'].map(member)
      const remove = [{ kind: 'membership' as const, name: 'a' }]
      const change = { ifRevision, put, remove }
      const commit = named()
      return (again: MetadataStore) => again.identities.commit(acme.id, change, commit)
    },
  })),
  {
    name: 'identities.removeAll',
    prepare: async (store) => {
      const put = ['a', 'b'].map(member)
      await store.identities.commit(acme.id, { ifRevision: 0, put, remove: [] })
      return (again) => again.identities.removeAll(acme.id, 9)
    },
  },
]

export const tenantVerbs: readonly WriteVerb[] = [...tenants, ...identities, ...usage]
