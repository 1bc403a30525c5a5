// Bundles: rows by id, and which a tenant has. There are few, so that the expired ones are found by looking
// at all.
import assert from 'node:assert'
import type { Bundle, BundleId, BundleStore, NothingToKeep } from '../bundle-store.ts'
import { bundleLeaseId } from '../bundle-store.ts'
import { encodeBundle, parseBundle } from '../codec/bundle-codec.ts'
import type { JobOf } from '../job-store.ts'
import type { ManifestId } from '../manifest-store.ts'
import type { TenantId } from '../records.ts'
import { putJob } from './job-rows.ts'
import {
  handLeaseOver,
  leaseAt,
  letLeaseGo,
  renewLease,
  sealLease,
  takeLease,
} from './lease-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { removalStep, sealedManifest, touchManifest } from './manifests.ts'
import { justAfter, rangeOf, tenantKey } from './row-keys.ts'

const idBytes = 16

export function lmdbBundles(env: LmdbEnvironment): BundleStore {
  return {
    create: (bundle, keepUntilMs, job) =>
      env.add((tables) => {
        if (bundleOf(tables, bundle.bundleId) !== undefined) return { is: 'exists' }
        const written = putBundle(tables, { before: undefined, bundle, keepUntilMs, job })
        return written.is === 'gone' ? written : { is: 'created' }
      }),

    put: (bundle, keepUntilMs, job) =>
      env.write((tables) => {
        const before = bundleOf(tables, bundle.bundleId)
        if (before === undefined) return { is: 'noSuchBundle' }
        if (before.revision !== bundle.revision - 1) return { is: 'changed' }
        return putBundle(tables, { before, bundle, keepUntilMs, job })
      }),

    get: async (bundleId) => env.read((tables) => bundleOf(tables, bundleId)),

    list: async (tenantId, { after, limit }) =>
      env.read((tables) => {
        const range = rangeOf(tenantKey(tenantId))
        const start = after === undefined ? range.start : justAfter(ownerKey(tenantId, after))
        const found: Bundle[] = []
        for (const key of tables.bundlesOfTenants.keys({ ...range, start, limit })) {
          const row = tables.bundles.get(key.subarray(key.length - idBytes))
          if (row !== undefined) found.push(parseBundle(row))
        }
        return found
      }),

    remove: (bundleId) =>
      env.write((tables) => {
        const bundle = bundleOf(tables, bundleId)
        if (bundle === undefined) return
        tables.bundlesOfTenants.remove(ownerKey(bundle.tenantId, bundleId))
        tables.bundles.remove(keyOf(bundleId))
        letLeaseGo(tables, bundleLeaseId(bundleId))
        for (const manifestId of manifestsOf(bundle)) removalStep(tables, manifestId)
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
  return Buffer.concat([tenantKey(tenantId), keyOf(bundleId)])
}

function bundleOf(tables: Tables, bundleId: BundleId): Bundle | undefined {
  const bytes = tables.bundles.get(keyOf(bundleId))
  return bytes && parseBundle(bytes)
}

function manifestsOf({ states, gathering }: Bundle): readonly ManifestId[] {
  return gathering === undefined ? states : [...states, gathering]
}

type Putting = {
  readonly before: Bundle | undefined
  readonly bundle: Bundle
  readonly keepUntilMs: number
  readonly job: JobOf<'gathering'> | undefined
}

function putBundle(tables: Tables, putting: Putting): { is: 'done' } | NothingToKeep {
  const { before, bundle, job } = putting
  if (!keepNamed(tables, putting)) return { is: 'gone' }
  const { bundleId, tenantId } = bundle
  tables.bundles.put(keyOf(bundleId), encodeBundle(bundle))
  if (before === undefined) {
    tables.bundlesOfTenants.put(ownerKey(tenantId, bundleId), Buffer.alloc(0))
  }
  if (job !== undefined) assert(putJob(tables, job), 'a job of this manifest is there already')
  const named = new Set(manifestsOf(bundle))
  for (const manifestId of before === undefined ? [] : manifestsOf(before)) {
    if (!named.has(manifestId)) removalStep(tables, manifestId)
  }
  return { is: 'done' }
}

/** False, before anything was changed: there is nothing to be kept. */
function keepNamed(tables: Tables, { before, bundle, keepUntilMs }: Putting): boolean {
  const named = manifestsOf(bundle)
  const leaseId = bundleLeaseId(bundle.bundleId)
  if (named.length === 0) {
    letLeaseGo(tables, leaseId)
    return true
  }
  const known = before === undefined ? [] : manifestsOf(before)
  const fresh = named.filter((manifestId) => !known.includes(manifestId))
  // All fresh ones are looked for first: what was changed would stay changed.
  if (!fresh.every((manifestId) => isHeld(tables, manifestId))) return false
  if (known.length === 0 && leaseAt(tables, leaseId) === undefined) {
    takeLease(tables, { leaseId, purpose: 'bundle', expiresMs: keepUntilMs, scopes: [] })
    sealLease(tables, leaseId)
  } else if (!renewLease(tables, leaseId, keepUntilMs)) return false
  for (const manifestId of fresh) handLeaseOver(tables, manifestId, leaseId)
  for (const manifestId of named) touchManifest(tables, manifestId, keepUntilMs)
  return true
}

/** What it refers to is there, and stays. */
function isHeld(tables: Tables, manifestId: ManifestId): boolean {
  const manifest = sealedManifest(tables, manifestId)
  if (manifest === undefined) return false
  return manifest.entries === 0 || leaseAt(tables, manifestId) !== undefined
}
