// Tenants and their access keys.
import {
  encodeAccessKey,
  encodeTenant,
  parseAccessKey,
  parseTenant,
} from '../codec/tenancy-codec.ts'
import type { Tenant } from '../records.ts'
import type { TenantStore } from '../tenant-store.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { everyRow, justAfter } from './row-keys.ts'

export function lmdbTenants(env: LmdbEnvironment): TenantStore {
  return {
    create: (tenant, firstKey) =>
      env.write(({ tenants, accessKeys }) => {
        const id = Buffer.from(tenant.id)
        const keyId = Buffer.from(firstKey.accessKeyId)
        if (tenants.has(id) || accessKeys.has(keyId)) return { is: 'exists' }
        tenants.put(id, encodeTenant(tenant))
        accessKeys.put(keyId, encodeAccessKey(firstKey))
        return { is: 'created' }
      }),

    get: async (id) =>
      env.read(({ tenants }) => {
        const bytes = tenants.get(Buffer.from(id))
        return bytes && parseTenant(bytes)
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
      env.write(({ accessKeys }) => {
        const id = Buffer.from(key.accessKeyId)
        const old = accessKeys.get(id)
        if (old && parseAccessKey(old).tenantId !== key.tenantId) return { is: 'taken' }
        accessKeys.put(id, encodeAccessKey(key))
        return { is: 'done' }
      }),

    getAccessKey: async (accessKeyId) =>
      env.read(({ accessKeys }) => {
        // An id that a client made up may be too long for a key, or empty.
        const id = Buffer.from(accessKeyId)
        if (id.length === 0 || id.length > 128) return undefined
        const bytes = accessKeys.get(id)
        return bytes && parseAccessKey(bytes)
      }),
  }
}
