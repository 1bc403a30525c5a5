// Users, groups, roles and policies of tenants: a row each, and one for the tenant's revision.
import {
  encodeIdentity,
  encodeIdentityRevision,
  type IdentityRevision,
  nextRevision,
  noRevision,
  parseIdentity,
  parseIdentityRevision,
} from '../codec/identity-codec.ts'
import type { IdentityEntry, IdentityKind, IdentityRef } from '../identity-records.ts'
import type { IdentityStore } from '../identity-store.ts'
import type { TenantId } from '../records.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { justAfter, rangeOf, tenantKey } from './row-keys.ts'

const revisionKind = 'revision'
const revisionName = '-'

export function lmdbIdentities(env: LmdbEnvironment): IdentityStore {
  return {
    revision: async (tenantId) => env.read((tables) => revisionOf(tables, tenantId).revision),

    get: async (tenantId, kind, name) =>
      env.read(({ identities }) => {
        const row = identities.get(rowKey(tenantId, kind, name))
        return row && parseIdentity(kind, row)
      }),

    getMany: async (tenantId, refs) =>
      env.read((tables) => ({
        revision: revisionOf(tables, tenantId).revision,
        entries: refs.map((ref) => entryAt(tables, tenantId, ref)),
      })),

    list: async (tenantId, kind, { prefix = '', after, limit }) =>
      env.read(({ identities }) => {
        const before = rowKey(tenantId, kind, '').length
        const range = rangeOf(rowKey(tenantId, kind, prefix))
        const behind = after === undefined ? range.start : justAfter(rowKey(tenantId, kind, after))
        const start = Buffer.compare(behind, range.start) > 0 ? behind : range.start
        const entries: Extract<IdentityEntry, { kind: typeof kind }>[] = []
        for (const { key, value } of identities.rows({ ...range, start })) {
          if (entries.length >= limit) return { entries, isTruncated: true }
          const name = key.toString('utf8', before)
          entries.push(entryOf({ kind, name }, value))
        }
        return { entries, isTruncated: false }
      }),

    commit: (tenantId, { ifRevision, put, remove }, { commitId } = {}) =>
      env.write((tables) => {
        const now = revisionOf(tables, tenantId)
        const done = now.commits.find(({ id }) => id === commitId)
        if (done !== undefined) return { is: 'done', revision: done.revision }
        if (now.revision !== ifRevision) return { is: 'changed', revision: now.revision }
        const next = nextRevision(now, commitId)
        tables.identities.put(
          rowKey(tenantId, revisionKind, revisionName),
          encodeIdentityRevision(next),
        )
        for (const { kind, name } of remove) tables.identities.remove(rowKey(tenantId, kind, name))
        for (const { kind, name, document } of put) {
          tables.identities.put(rowKey(tenantId, kind, name), encodeIdentity(kind, document))
        }
        return { is: 'done', revision: next.revision }
      }),

    removeAll: (tenantId, limit) =>
      env.write(({ identities }) => {
        const keys = [...identities.keys({ ...rangeOf(tenantKey(tenantId)), limit })]
        for (const key of keys) identities.remove(key)
        return keys.length
      }),
  }
}

function rowKey(
  tenantId: TenantId,
  kind: IdentityKind | typeof revisionKind,
  name: string,
): Buffer {
  return Buffer.concat([tenantKey(tenantId), Buffer.from(`${kind}\0${name}`)])
}

function revisionOf({ identities }: Tables, tenantId: TenantId): IdentityRevision {
  const row = identities.get(rowKey(tenantId, revisionKind, revisionName))
  return row === undefined ? noRevision : parseIdentityRevision(row)
}

function entryAt(
  { identities }: Tables,
  tenantId: TenantId,
  ref: IdentityRef,
): IdentityEntry | undefined {
  const row = identities.get(rowKey(tenantId, ref.kind, ref.name))
  return row && entryOf(ref, row)
}

function entryOf<Kind extends IdentityKind>(
  { kind, name }: IdentityRef<Kind>,
  row: Buffer,
): Extract<IdentityEntry, { kind: Kind }> {
  const document = parseIdentity(kind, row)
  return { kind, name, document } as unknown as Extract<IdentityEntry, { kind: Kind }>
}
