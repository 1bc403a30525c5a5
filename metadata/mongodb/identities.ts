// Users, groups, roles and policies of tenants: a document each, and one for the tenant's revision. All of a
// tenant are on one shard, so that the transaction of a commit is of one shard.
import { compareKeys } from '../../protocol/s3/compare-keys.ts'
import {
  encodeIdentity,
  encodeIdentityRevision,
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
  isIdentityName,
} from '../identity-records.ts'
import type { IdentityStore } from '../identity-store.ts'
import type { TenantId } from '../records.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import type { Shared } from './shared.ts'
import { keysWithin, successorOf } from './walk-keys.ts'

/** By tenant, kind and name. The kind of a tenant's revision is none of the port's. */
export type IdentityRow = {
  readonly _id: string
  readonly tenant: string
  readonly kind: string
  readonly name: string
  /** Of a tenant's revision: the number. */
  readonly revision?: number
  readonly c: Buffer
}

const revisionKind = 'revision'
const revisionName = '-'

function identitiesIn(db: MongoDatabase) {
  return db.collection<IdentityRow>('identities')
}

export function mongoIdentities({ db }: Shared): IdentityStore {
  const revisionOf = async (tenantId: TenantId) => {
    const found = await identitiesIn(db).findOne(revisionPlace(tenantId))
    return found?.revision ?? 0
  }
  return {
    revision: (tenantId) => db.run(() => revisionOf(tenantId)),

    get: async (tenantId, kind, name) => {
      if (!isIdentityName(name)) return undefined
      const found = await db.run(() => identitiesIn(db).findOne(placeOf(tenantId, kind, name)))
      return found === null ? undefined : parseIdentity(kind, found.c)
    },

    // What is read between two looks at one revision was there in the meantime.
    getMany: (tenantId, refs) =>
      db.retrying(async () => {
        const revision = await revisionOf(tenantId)
        const ids = refs.map(({ kind, name }) => placeOf(tenantId, kind, name)._id)
        const found = await identitiesIn(db)
          .find({ tenant: tenantId, _id: { $in: ids } })
          .toArray()
        if ((await revisionOf(tenantId)) !== revision) throw new Conflict()
        const rows = new Map(found.map((row) => [row._id, row]))
        const entries = refs.map((ref, at) => {
          const row = isIdentityName(ref.name) ? rows.get(ids[at] ?? '') : undefined
          return row && entryOf(ref, row.c)
        })
        return { revision, entries }
      }),

    list: async (tenantId, kind, { prefix = '', after, limit }) => {
      const isExclusive = after !== undefined && compareKeys(after, prefix) >= 0
      const from = isExclusive ? after : prefix
      const names = keysWithin({ from, isExclusive, to: successorOf(prefix) })
      const found = await db.run(() =>
        identitiesIn(db)
          .find({ tenant: tenantId, kind, name: names })
          .sort({ tenant: 1, kind: 1, name: 1 })
          .limit(limit + 1)
          .toArray(),
      )
      const entries = found
        .slice(0, limit)
        .map(({ name, c }) => entryOf<typeof kind>({ kind, name }, c))
      return { entries, isTruncated: found.length > limit }
    },

    count: async (tenantId, kind, limit) =>
      // To the driver, no limit at all.
      limit === 0
        ? 0
        : db.run(() => identitiesIn(db).countDocuments({ tenant: tenantId, kind }, { limit })),

    commit: async (tenantId, change, { commitId } = {}) => {
      requireIdentityChange(change)
      const { ifRevision, put, remove } = change
      return db.transact(async ({ session }) => {
        const place = revisionPlace(tenantId)
        const row = await identitiesIn(db).findOne(place, { session })
        const now = row === null ? noRevision : parseIdentityRevision(row.c)
        const done = now.commits.find(({ id }) => id === commitId)
        if (done !== undefined) return { is: 'done', revision: done.revision }
        if (now.revision !== ifRevision) return { is: 'changed', revision: now.revision }
        const next = nextRevision(now, commitId)
        const fields = { revision: next.revision, c: encodeIdentityRevision(next) }
        if (row === null) await identitiesIn(db).insertOne({ ...place, ...fields }, { session })
        else {
          const filter = { ...place, revision: now.revision }
          const changed = await identitiesIn(db).updateOne(filter, { $set: fields }, { session })
          if (changed.matchedCount !== 1) throw new Conflict()
        }
        const writes = [
          ...remove.map(({ kind, name }) => ({
            deleteOne: { filter: placeOf(tenantId, kind, name) },
          })),
          ...put.map(({ kind, name, document }) => ({
            updateOne: {
              filter: placeOf(tenantId, kind, name),
              update: { $set: { c: encodeIdentity(kind, document) } },
              upsert: true,
            },
          })),
        ]
        if (writes.length > 0) await identitiesIn(db).bulkWrite(writes, { session, ordered: true })
        return { is: 'done', revision: next.revision }
      })
    },

    // Who remembers some of them finds another revision after each page.
    removeAll: async (tenantId, limit) => {
      if (limit <= 0) return 0
      return db.transact(async ({ session }) => {
        const place = revisionPlace(tenantId)
        const row = await identitiesIn(db).findOne(place, { session })
        const found = await identitiesIn(db)
          .find({ tenant: tenantId, kind: { $ne: revisionKind } }, { session })
          .project<{ readonly _id: string }>({ _id: 1 })
          .limit(limit)
          .toArray()
        const ids = found.map(({ _id }) => _id)
        if (row !== null && ids.length < limit) {
          await identitiesIn(db).deleteOne(place, { session })
        } else if (row !== null) {
          const next = nextRevision(parseIdentityRevision(row.c), undefined)
          const fields = { revision: next.revision, c: encodeIdentityRevision(next) }
          await identitiesIn(db).updateOne(place, { $set: fields }, { session })
        }
        if (ids.length > 0) {
          await identitiesIn(db).deleteMany({ tenant: tenantId, _id: { $in: ids } }, { session })
        }
        return ids.length
      })
    },
  }
}

function placeOf(tenantId: TenantId, kind: IdentityKind | typeof revisionKind, name: string) {
  return { _id: `${tenantId}\0${kind}\0${name}`, tenant: tenantId, kind, name }
}

function revisionPlace(tenantId: TenantId) {
  return placeOf(tenantId, revisionKind, revisionName)
}

function entryOf<Kind extends IdentityKind>(
  { kind, name }: IdentityRef<Kind>,
  c: Buffer,
): Extract<IdentityEntry, { kind: Kind }> {
  const document = parseIdentity(kind, c)
  return { kind, name, document } as unknown as Extract<IdentityEntry, { kind: Kind }>
}
