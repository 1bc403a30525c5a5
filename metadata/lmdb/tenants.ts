// Tenants and their access keys.
import {
  encodeAccessKey,
  encodeKeyUse,
  encodeTenant,
  parseAccessKey,
  parseKeyUse,
  parseTenant,
} from '../codec/tenancy-codec.ts'
import type { AccessKey, Tenant, TenantId } from '../records.ts'
import type { TenantStore } from '../tenant-store.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { everyRow, filled, justAfter, rangeOf, tenantKey } from './row-keys.ts'

export function lmdbTenants(env: LmdbEnvironment): TenantStore {
  return {
    create: (tenant, firstKey) =>
      env.write((tables) => {
        const { tenants, tenantNames, accessKeys } = tables
        const id = Buffer.from(tenant.id)
        const name = Buffer.from(tenant.name)
        const keyId = Buffer.from(firstKey.accessKeyId)
        if (tenants.has(id) || tenantNames.has(name) || accessKeys.has(keyId)) {
          return { is: 'exists' }
        }
        tenants.put(id, encodeTenant(tenant))
        tenantNames.put(name, id)
        putKey(tables, firstKey)
        return { is: 'created' }
      }),

    get: async (id) =>
      env.read(({ tenants }) => {
        const bytes = tenants.get(Buffer.from(id))
        return bytes && parseTenant(bytes)
      }),

    byName: async (name) =>
      env.read(({ tenants, tenantNames }) => {
        const asked = Buffer.from(name)
        if (asked.length === 0 || asked.length > nameMax) return undefined
        const id = tenantNames.get(asked)
        const bytes = id && tenants.get(id)
        return bytes && parseTenant(bytes)
      }),

    update: (tenant) =>
      env.write(({ tenants }) => {
        const id = Buffer.from(tenant.id)
        const before = tenants.get(id)
        if (before === undefined) return { is: 'noSuchTenant' }
        const { name, revision } = parseTenant(before)
        if (name !== tenant.name || revision !== tenant.revision - 1) return { is: 'changed' }
        tenants.put(id, encodeTenant(tenant))
        return { is: 'done' }
      }),

    remove: (id) =>
      env.write(({ tenants, tenantNames }) => {
        const row = tenants.get(Buffer.from(id))
        if (row === undefined) return
        tenantNames.remove(Buffer.from(parseTenant(row).name))
        tenants.remove(Buffer.from(id))
      }),

    list: async ({ after, limit }) =>
      env.read(({ tenants: rows }) => {
        const start = after === undefined ? everyRow.start : justAfter(Buffer.from(after))
        const tenants: Tenant[] = []
        for (const { value } of rows.rows({ ...everyRow, start })) {
          if (tenants.length >= limit) return { tenants, isTruncated: true }
          tenants.push(parseTenant(value))
        }
        return { tenants, isTruncated: false }
      }),

    putAccessKey: (key) =>
      env.write((tables) => {
        const old = tables.accessKeys.get(Buffer.from(key.accessKeyId))
        if (old && parseAccessKey(old).tenantId !== key.tenantId) return { is: 'taken' }
        putKey(tables, key)
        return { is: 'done' }
      }),

    getAccessKey: async (accessKeyId) =>
      env.read(({ accessKeys }) => {
        const bytes = isKeyId(accessKeyId) ? accessKeys.get(Buffer.from(accessKeyId)) : undefined
        return bytes && parseAccessKey(bytes)
      }),

    listAccessKeys: async (tenantId, { after, limit }) =>
      env.read(({ accessKeys, keysOfTenants }) => {
        const owner = tenantKey(tenantId)
        const range = rangeOf(owner)
        // No id is longer: behind what is, the same come as behind what of it would fit.
        const last = ownedKey(tenantId, after ?? '').subarray(0, owner.length + keyIdMax)
        const start = justAfter(last)
        const found: AccessKey[] = []
        for (const key of keysOfTenants.keys({ ...range, start, limit })) {
          const row = accessKeys.get(key.subarray(owner.length))
          if (row !== undefined) found.push(parseAccessKey(row))
        }
        return found
      }),

    removeAccessKey: (tenantId, accessKeyId) =>
      env.write(({ accessKeys, keysOfTenants, keyUses }) => {
        if (!isKeyId(accessKeyId)) return
        const id = Buffer.from(accessKeyId)
        const row = accessKeys.get(id)
        if (row === undefined || parseAccessKey(row).tenantId !== tenantId) return
        accessKeys.remove(id)
        keysOfTenants.remove(ownedKey(tenantId, accessKeyId))
        keyUses.remove(filled(id))
      }),

    noteKeyUse: (accessKeyId, use) =>
      env.write(({ accessKeys, keyUses }) => {
        if (!isKeyId(accessKeyId)) return
        const id = Buffer.from(accessKeyId)
        if (accessKeys.has(id)) keyUses.put(filled(id), encodeKeyUse(use))
      }),

    keyUse: async (accessKeyId) =>
      env.read(({ keyUses }) => {
        const row = isKeyId(accessKeyId) ? keyUses.get(filled(Buffer.from(accessKeyId))) : undefined
        return row && parseKeyUse(row)
      }),
  }
}

const nameMax = 64
const keyIdMax = 128

/** An id that a client made up may be too long for a key, or empty. */
function isKeyId(accessKeyId: string): boolean {
  const bytes = Buffer.byteLength(accessKeyId)
  return bytes > 0 && bytes <= keyIdMax
}

export function ownedKey(tenantId: TenantId, accessKeyId: string): Buffer {
  return Buffer.concat([tenantKey(tenantId), Buffer.from(accessKeyId)])
}

function putKey({ accessKeys, keysOfTenants }: Tables, key: AccessKey): void {
  accessKeys.put(Buffer.from(key.accessKeyId), encodeAccessKey(key))
  keysOfTenants.put(ownedKey(key.tenantId, key.accessKeyId), Buffer.alloc(0))
}
