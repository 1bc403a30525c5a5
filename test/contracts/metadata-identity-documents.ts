// Documents of a tenant, for tests.
import type { IdentityEntry } from '../../metadata/identity-records.ts'

type Membership = Extract<IdentityEntry, { kind: 'membership' }>

/** One of little, where it does not matter what. */
export function member(name: string, userName = name): Membership {
  return { kind: 'membership', name, document: { userName } }
}

/** One document of each kind, with all that it can have, and with as little as it may. */
export const documents: readonly IdentityEntry[] = [
  {
    kind: 'account',
    name: 'account',
    document: {
      alias: 'acme',
      rootRevokedBeforeMs: 7,
      publicAccessBlock: {
        ...{ blockPublicAcls: true, ignorePublicAcls: false },
        ...{ blockPublicPolicy: true, restrictPublicBuckets: false },
      },
      passwordPolicy: {
        ...{ minimumLength: 8, requireSymbols: true, requireNumbers: false },
        ...{ requireUppercase: true, requireLowercase: false, usersMayChange: true },
        ...{ hardExpiry: false, maxAgeDays: 90, reusePrevention: 3 },
      },
    },
  },
  { kind: 'account', name: 'bare', document: {} },
  {
    kind: 'user',
    name: 'ann',
    document: {
      ...{ id: 'AIDA1', name: 'Ann', path: '/staff/', createdMs: 5 },
      ...{ inline: [{ name: 'p', document: '{"Version":"2012-10-17"}' }], attached: ['arn:1'] },
      ...{ boundary: 'arn:2', revokedBeforeMs: 9, tags: [{ key: 'team', value: '' }] },
      accessKeys: [{ accessKeyId: 'AKIA1', status: 'inactive', createdMs: 6 }],
      groups: ['admins'],
      login: { hash: '$argon2id$', changeRequired: true, createdMs: 8 },
    },
  },
  {
    kind: 'group',
    name: 'admins',
    document: {
      ...{ id: 'AGPA1', name: 'Admins', path: '/', createdMs: 5, inline: [], attached: [] },
    },
  },
  {
    kind: 'role',
    name: 'reader',
    document: {
      ...{ id: 'AROA1', name: 'Reader', path: '/', createdMs: 5, inline: [], attached: [] },
      ...{ tags: [], description: 'ünïcode ☃ \u{1f600}', trust: '{}', sessionSecondsMax: 3600 },
    },
  },
  {
    kind: 'policy',
    name: 'all',
    document: {
      ...{ id: 'ANPA1', name: 'All', path: '/', createdMs: 5, description: '', tags: [] },
      ...{ updatedMs: 6, defaultVersion: 2, newest: 2, versions: [{ number: 2, createdMs: 6 }] },
    },
  },
  { kind: 'policyVersion', name: 'all/v2', document: { document: 'x'.repeat(6144) } },
  {
    kind: 'attachment',
    name: 'arn:1|user|ann',
    document: { policyArn: 'arn:1', of: 'user', as: 'boundary', name: 'Ann' },
  },
  member('admins/ann', 'Ann'),
  {
    kind: 'oidcProvider',
    name: 'issuer.example/path',
    document: {
      url: 'issuer.example/path',
      clientIds: ['a'],
      thumbprints: [],
      tags: [],
      createdMs: 1,
    },
  },
  {
    kind: 'admin',
    name: '0123456789abcdef',
    document: {
      ...{ id: '0123456789abcdef', name: 'Ann', role: 'readOnly', createdMs: 1, revision: 1 },
      keys: [{ accessKeyId: 'HF1', status: 'active', createdMs: 1 }],
    },
  },
  {
    kind: 'adminToken',
    name: '0123',
    document: {
      ...{ id: '0123', name: 'nightly', of: { is: 'admin', id: '0123456789abcdef' } },
      ...{ readOnly: true, hash: '00', createdMs: 1, expiresMs: 2 },
    },
  },
  {
    kind: 'adminReply',
    name: 'digest',
    document: { bodyHash: '00', createdMs: 1, sealedSeed: 'AA==', sealedReply: 'AA==' },
  },
]
