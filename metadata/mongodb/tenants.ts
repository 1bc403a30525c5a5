// Tenants and their access keys, a document each.
import {
  encodeAccessKey,
  encodeKeyUse,
  encodeTenant,
  parseAccessKey,
  parseKeyUse,
  parseTenant,
} from '../codec/tenancy-codec.ts'
import type { TenantStore } from '../tenant-store.ts'
import type { AccessKeyDocument } from './documents.ts'
import { isDuplicateKey } from './mongo-failures.ts'
import type { Shared } from './shared.ts'

/** Ids of keys that are longer were made up by a client. */
const keyIdMax = 128

export function mongoTenants({ db }: Shared): TenantStore {
  return {
    // Both are there, or neither. Of two at once, one meets the other's documents and is run anew.
    create: (tenant, firstKey) =>
      db.transact(async ({ session }) => {
        const key = accessKeyDocument(firstKey)
        const sameTenant = await db.tenants.findOne({ _id: tenant.id }, { session })
        const sameKey = await db.accessKeys.findOne({ _id: key._id }, { session })
        const { name } = tenant
        const sameName = await db.tenants.findOne({ name }, { session })
        if (sameTenant !== null || sameName !== null || sameKey !== null) return { is: 'exists' }
        const fields = { name, revision: tenant.revision, c: encodeTenant(tenant) }
        await db.tenants.insertOne({ _id: tenant.id, ...fields }, { session })
        await db.accessKeys.insertOne(key, { session })
        return { is: 'created' }
      }),

    get: async (id) => {
      const found = await db.run(() => db.tenants.findOne({ _id: id }))
      return found === null ? undefined : parseTenant(found.c)
    },

    byName: async (name) => {
      const found = await db.run(() => db.tenants.findOne({ name }))
      return found === null ? undefined : parseTenant(found.c)
    },

    update: async (tenant) => {
      const { revision, name } = tenant
      const place = { _id: tenant.id, name, revision: revision - 1 }
      const fields = { revision, c: encodeTenant(tenant) }
      const { matchedCount } = await db.run(() => db.tenants.updateOne(place, { $set: fields }))
      if (matchedCount === 1) return { is: 'done' }
      const there = await db.run(() => db.tenants.findOne({ _id: tenant.id }))
      return { is: there === null ? 'noSuchTenant' : 'changed' }
    },

    remove: async (id) => {
      await db.run(() => db.tenants.deleteOne({ _id: id }))
    },

    list: async ({ after, limit }) => {
      const behind = after === undefined ? {} : { _id: { $gt: after } }
      const found = await db.run(() =>
        db.tenants
          .find(behind)
          .sort({ _id: 1 })
          .limit(limit + 1)
          .toArray(),
      )
      const tenants = found.slice(0, Math.max(0, limit)).map(({ c }) => parseTenant(c))
      return { tenants, isTruncated: found.length > limit }
    },

    // One that belongs to another tenant does not match, and stands in the way of a new one. So does one of the
    // same tenant that somebody has put meanwhile.
    putAccessKey: (key) =>
      db.retrying(async () => {
        const { _id, tenant, c } = accessKeyDocument(key)
        try {
          await db.accessKeys.updateOne({ _id, tenant }, { $set: { c } }, { upsert: true })
          return { is: 'done' }
        } catch (cause) {
          if (!isDuplicateKey(cause)) throw cause
          const there = await db.accessKeys.findOne({ _id })
          if (there === null || there.tenant === tenant) throw cause
          return { is: 'taken' }
        }
      }),

    getAccessKey: async (accessKeyId) => {
      if (accessKeyId.length === 0 || accessKeyId.length > keyIdMax) return undefined
      const found = await db.run(() => db.accessKeys.findOne({ _id: accessKeyId }))
      return found === null ? undefined : parseAccessKey(found.c)
    },

    listAccessKeys: async (tenantId, { after, limit }) => {
      if (limit <= 0) return []
      const behind = after === undefined ? {} : { _id: { $gt: after } }
      const found = await db.run(() =>
        db.accessKeys
          .find({ tenant: tenantId, ...behind })
          .sort({ tenant: 1, _id: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(({ c }) => parseAccessKey(c))
    },

    removeAccessKey: async (tenantId, accessKeyId) => {
      await db.run(() => db.accessKeys.deleteOne({ _id: accessKeyId, tenant: tenantId }))
    },

    noteKeyUse: async (accessKeyId, use) => {
      const used = encodeKeyUse(use)
      await db.run(() => db.accessKeys.updateOne({ _id: accessKeyId }, { $set: { used } }))
    },

    keyUse: async (accessKeyId) => {
      if (accessKeyId.length === 0 || accessKeyId.length > keyIdMax) return undefined
      const found = await db.run(() => db.accessKeys.findOne({ _id: accessKeyId }))
      return found?.used === undefined ? undefined : parseKeyUse(found.used)
    },
  }
}

function accessKeyDocument(key: Parameters<TenantStore['putAccessKey']>[0]): AccessKeyDocument {
  return { _id: key.accessKeyId, tenant: key.tenantId, c: encodeAccessKey(key) }
}
