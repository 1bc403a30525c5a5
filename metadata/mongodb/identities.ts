// Users, groups, roles and policies of tenants: a document each, and one for the tenant's revision. All of a
// tenant are on one shard, so that the transaction of a commit is of one shard.
import {
  encodeIdentity,
  encodeIdentityRevision,
  nextRevision,
  noRevision,
  parseIdentity,
  parseIdentityRevision,
} from '../codec/identity-codec.ts'
import type { IdentityEntry, IdentityKind, IdentityRef } from '../identity-records.ts'
import type { IdentityStore } from '../identity-store.ts'
import type { TenantId } from '../records.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import type { Shared } from './shared.ts'

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
          const row = rows.get(ids[at] ?? '')
          return row && entryOf(ref, row.c)
        })
        return { revision, entries }
      }),

    list: async (tenantId, kind, { prefix = '', after, limit }) => {
      const from = after === undefined || after < prefix ? { $gte: prefix } : { $gt: after }
      const found = await db.run(() =>
        identitiesIn(db)
          .find({ tenant: tenantId, kind, name: { ...from, ...below(prefix) } })
          .sort({ tenant: 1, kind: 1, name: 1 })
          .limit(limit + 1)
          .toArray(),
      )
      const entries = found
        .slice(0, limit)
        .map(({ name, c }) => entryOf<typeof kind>({ kind, name }, c))
      return { entries, isTruncated: found.length > limit }
    },

    commit: (tenantId, { ifRevision, put, remove }, { commitId } = {}) =>
      db.transact(async ({ session }) => {
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
      }),

    removeAll: async (tenantId, limit) => {
      const found = await db.run(() =>
        identitiesIn(db)
          .find({ tenant: tenantId }, { projection: { _id: 1 } })
          .limit(limit)
          .toArray(),
      )
      const ids = found.map(({ _id }) => _id)
      await db.run(() => identitiesIn(db).deleteMany({ tenant: tenantId, _id: { $in: ids } }))
      return ids.length
    },
  }
}

function placeOf(tenantId: TenantId, kind: IdentityKind | typeof revisionKind, name: string) {
  return { _id: `${tenantId}\0${kind}\0${name}`, tenant: tenantId, kind, name }
}

function revisionPlace(tenantId: TenantId) {
  return placeOf(tenantId, revisionKind, revisionName)
}

/** Names are ASCII, or end before the last character there is. */
function below(prefix: string): { $lt: string } | object {
  return prefix === '' ? {} : { $lt: `${prefix}\u{10ffff}` }
}

function entryOf<Kind extends IdentityKind>(
  { kind, name }: IdentityRef<Kind>,
  c: Buffer,
): Extract<IdentityEntry, { kind: Kind }> {
  const document = parseIdentity(kind, c)
  return { kind, name, document } as unknown as Extract<IdentityEntry, { kind: Kind }>
}
