// Bundles: rows by id, and which a tenant has. There are few, so that the expired ones are found by
// looking at all.
import type { Bundle, BundleId, BundleStore } from '../bundle-store.ts'
import { encodeBundle, parseBundle } from '../codec/bundle-codec.ts'
import type { TenantId } from '../records.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { bucketKey, justAfter, rangeOf } from './row-keys.ts'

const idBytes = 16

export function lmdbBundles(env: LmdbEnvironment): BundleStore {
  return {
    create: (bundle) =>
      env.write((tables) => {
        if (bundleOf(tables, bundle.bundleId) !== undefined) return { is: 'exists' }
        putBundle(tables, bundle)
        tables.bundlesOfTenants.put(ownerKey(bundle.tenantId, bundle.bundleId), Buffer.alloc(0))
        return { is: 'created' }
      }),

    get: async (bundleId) => env.read((tables) => bundleOf(tables, bundleId)),

    list: async (tenantId, { after, limit }) =>
      env.read((tables) => {
        const range = rangeOf(bucketKey(tenantId, ''))
        const start = after === undefined ? range.start : justAfter(ownerKey(tenantId, after))
        const found: Bundle[] = []
        for (const key of tables.bundlesOfTenants.keys({ ...range, start, limit })) {
          const row = tables.bundles.get(key.subarray(key.length - idBytes))
          if (row !== undefined) found.push(parseBundle(row))
        }
        return found
      }),

    setStates: (bundleId, { newest, states }) =>
      env.write((tables) => {
        const bundle = bundleOf(tables, bundleId)
        if (bundle === undefined) return { is: 'noSuchBundle' }
        if (bundle.states[0] !== newest) return { is: 'changed' }
        putBundle(tables, { ...bundle, states })
        return { is: 'done' }
      }),

    remove: (bundleId) =>
      env.write((tables) => {
        const bundle = bundleOf(tables, bundleId)
        if (bundle === undefined) return
        tables.bundles.remove(keyOf(bundleId))
        tables.bundlesOfTenants.remove(ownerKey(bundle.tenantId, bundleId))
      }),

    expired: async ({ expiresBeforeMs, after, limit }) =>
      env.read((tables) => {
        const start = after === undefined ? Buffer.alloc(idBytes) : justAfter(keyOf(after))
        const found: Bundle[] = []
        for (const row of tables.bundles.rows({ start, end: Buffer.alloc(idBytes + 1, 0xff) })) {
          if (found.length === limit) break
          const bundle = parseBundle(row.value)
          if (bundle.expiresMs < expiresBeforeMs) found.push(bundle)
        }
        return found
      }),
  }
}

function keyOf(bundleId: BundleId): Buffer {
  return Buffer.from(bundleId, 'hex')
}

function ownerKey(tenantId: TenantId, bundleId: BundleId): Buffer {
  return Buffer.concat([bucketKey(tenantId, ''), keyOf(bundleId)])
}

function bundleOf(tables: Tables, bundleId: BundleId): Bundle | undefined {
  const bytes = tables.bundles.get(keyOf(bundleId))
  return bytes && parseBundle(bytes)
}

function putBundle(tables: Tables, bundle: Bundle): void {
  tables.bundles.put(keyOf(bundle.bundleId), encodeBundle(bundle))
}
