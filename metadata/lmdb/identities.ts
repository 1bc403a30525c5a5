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
import { requireIdentityChange } from '../identity-changes.ts'
import {
  type IdentityEntry,
  type IdentityKind,
  type IdentityRef,
  identityNameMax,
  isIdentityName,
} from '../identity-records.ts'
import type { IdentityStore } from '../identity-store.ts'
import type { TenantId } from '../records.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { filled, justAfter, rangeOf, tenantKey } from './row-keys.ts'

/** Of a tenant's revision: none of the port's. */
export const revisionKind = 'revision'
const revisionName = '-'

export function lmdbIdentities(env: LmdbEnvironment): IdentityStore {
  return {
    revision: async (tenantId) => env.read((tables) => revisionOf(tables, tenantId).revision),

    get: async (tenantId, kind, name) =>
      env.read(({ identities }) => {
        const row = isIdentityName(name) && identities.get(rowKey(tenantId, kind, name))
        return row ? parseIdentity(kind, row) : undefined
      }),

    getMany: async (tenantId, refs) =>
      env.read((tables) => ({
        revision: revisionOf(tables, tenantId).revision,
        entries: refs.map((ref) => entryAt(tables, tenantId, ref)),
      })),

    list: async (tenantId, kind, { prefix = '', after, limit }) =>
      env.read(({ identities }) => {
        const entries: Extract<IdentityEntry, { kind: typeof kind }>[] = []
        const before = rowKey(tenantId, kind, '').length
        if (Buffer.byteLength(prefix) > identityNameMax) return { entries, isTruncated: false }
        const range = rangeOf(rowKey(tenantId, kind, prefix))
        // No name is longer: behind what is, the same come as behind what of it would fit.
        const last = rowKey(tenantId, kind, after ?? '').subarray(0, before + identityNameMax)
        const start =
          Buffer.compare(justAfter(last), range.start) > 0 ? justAfter(last) : range.start
        for (const { key, value } of identities.rows({ ...range, start })) {
          if (entries.length >= limit) return { entries, isTruncated: true }
          const name = key.toString('utf8', before)
          entries.push(entryOf({ kind, name }, value))
        }
        return { entries, isTruncated: false }
      }),

    count: async (tenantId, kind, limit) =>
      env.read(({ identities }) => {
        const keys = identities.keys({ ...rangeOf(rowKey(tenantId, kind, '')), limit })
        return [...keys].length
      }),

    commit: async (tenantId, change, { commitId } = {}) => {
      requireIdentityChange(change)
      const { ifRevision, put, remove } = change
      return env.write((tables) => {
        const now = revisionOf(tables, tenantId)
        const done = now.commits.find(({ id }) => id === commitId)
        if (done !== undefined) return { is: 'done', revision: done.revision }
        if (now.revision !== ifRevision) return { is: 'changed', revision: now.revision }
        const next = nextRevision(now, commitId)
        putRevision(tables, tenantId, next)
        for (const { kind, name } of remove) tables.identities.remove(rowKey(tenantId, kind, name))
        for (const { kind, name, document } of put) {
          tables.identities.put(rowKey(tenantId, kind, name), encodeIdentity(kind, document))
        }
        return { is: 'done', revision: next.revision }
      })
    },

    // Who remembers some of them finds another revision after each page.
    removeAll: (tenantId, limit) =>
      env.write((tables) => {
        const { identities } = tables
        const ofRevision = rowKey(tenantId, revisionKind, revisionName)
        const asked = Math.max(0, limit)
        const found = identities.keysToRemove({ ...rangeOf(tenantKey(tenantId)), limit: asked + 1 })
        const keys = found.filter((key) => !key.equals(ofRevision)).slice(0, asked)
        for (const key of keys) identities.remove(key)
        if (keys.length < asked) identities.remove(ofRevision)
        else if (keys.length > 0) {
          putRevision(tables, tenantId, nextRevision(revisionOf(tables, tenantId), undefined))
        }
        return keys.length
      }),
  }
}

function rowKey(
  tenantId: TenantId,
  kind: IdentityKind | typeof revisionKind,
  name: string,
): Buffer {
  return Buffer.concat([tenantKey(tenantId), filled(Buffer.from(`${kind}\0${name}`))])
}

function revisionOf({ identities }: Tables, tenantId: TenantId): IdentityRevision {
  const row = identities.get(rowKey(tenantId, revisionKind, revisionName))
  return row === undefined ? noRevision : parseIdentityRevision(row)
}

function putRevision({ identities }: Tables, tenantId: TenantId, revision: IdentityRevision): void {
  identities.put(rowKey(tenantId, revisionKind, revisionName), encodeIdentityRevision(revision))
}

function entryAt(
  { identities }: Tables,
  tenantId: TenantId,
  ref: IdentityRef,
): IdentityEntry | undefined {
  if (!isIdentityName(ref.name)) return undefined
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
