// Bundles: rows by id, which a tenant has, and which have something to gather, in the order of their
// times. There are few, so that the expired ones are found by looking at all.
import type {
  Bundle,
  BundleId,
  BundleStore,
  Gathering,
  GatheringState,
  NothingToKeep,
} from '../bundle-store.ts'
import { bundleLeaseId } from '../bundle-store.ts'
import { encodeBundle, gatheringStates, parseBundle } from '../codec/bundle-codec.ts'
import type { ManifestId } from '../manifest-store.ts'
import type { TenantId } from '../records.ts'
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
import { justAfter, numberKey, numberOfKey, rangeOf, tenantKey } from './row-keys.ts'

const idBytes = 16

export function lmdbBundles(env: LmdbEnvironment): BundleStore {
  return {
    create: (bundle, keepUntilMs) =>
      env.add((tables) => {
        if (bundleOf(tables, bundle.bundleId) !== undefined) return { is: 'exists' }
        const written = putBundle(tables, { before: undefined, bundle, keepUntilMs })
        return written.is === 'gone' ? written : { is: 'created' }
      }),

    put: (bundle, keepUntilMs) =>
      env.write((tables) => {
        const before = bundleOf(tables, bundle.bundleId)
        if (before === undefined) return { is: 'noSuchBundle' }
        if (before.revision !== bundle.revision - 1) return { is: 'changed' }
        return putBundle(tables, { before, bundle, keepUntilMs })
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
        removePlaces(tables, bundle)
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

    nextToGather: async (nowMs, notOf) =>
      env.read((tables) => {
        for (const row of tables.bundleGatherings.rows(rangeOf(stateBeginning('queued')))) {
          if (numberOfKey(row.key.subarray(1, 9)) > nowMs) return undefined
          const bundle = bundleAtPlace(tables, row.key)
          if (bundle !== undefined && !notOf.includes(bundle.tenantId)) return bundle
        }
        return undefined
      }),

    gathering: async (is, limit) =>
      env.read((tables) => {
        const keys = tables.bundleGatherings.keys({ ...rangeOf(stateBeginning(is)), limit })
        return keys
          .map((key) => bundleAtPlace(tables, key))
          .filter((bundle) => bundle !== undefined)
      }),
  }
}

function keyOf(bundleId: BundleId): Buffer {
  return Buffer.from(bundleId, 'hex')
}

function ownerKey(tenantId: TenantId, bundleId: BundleId): Buffer {
  return Buffer.concat([tenantKey(tenantId), keyOf(bundleId)])
}

function stateBeginning(is: GatheringState['is']): Buffer {
  return Buffer.of(gatheringStates.indexOf(is))
}

/** State (a byte), time, bundle. */
function gatheringKey(bundleId: BundleId, { state }: Gathering): Buffer {
  const ms = state.is === 'queued' ? state.notBeforeMs : 0
  return Buffer.concat([stateBeginning(state.is), numberKey(ms), keyOf(bundleId)])
}

function bundleAtPlace(tables: Tables, place: Buffer): Bundle | undefined {
  const bytes = tables.bundles.get(place.subarray(place.length - idBytes))
  return bytes && parseBundle(bytes)
}

function bundleOf(tables: Tables, bundleId: BundleId): Bundle | undefined {
  const bytes = tables.bundles.get(keyOf(bundleId))
  return bytes && parseBundle(bytes)
}

function manifestsOf({ states, gathering }: Bundle): readonly ManifestId[] {
  return gathering === undefined ? states : [...states, gathering.manifestId]
}

type Putting = {
  readonly before: Bundle | undefined
  readonly bundle: Bundle
  readonly keepUntilMs: number
}

function putBundle(tables: Tables, putting: Putting): { is: 'done' } | NothingToKeep {
  const { before, bundle } = putting
  if (!keepNamed(tables, putting)) return { is: 'gone' }
  if (before !== undefined) removePlaces(tables, before)
  tables.bundles.put(keyOf(bundle.bundleId), encodeBundle(bundle))
  const { bundleId, tenantId, gathering } = bundle
  tables.bundlesOfTenants.put(ownerKey(tenantId, bundleId), Buffer.alloc(0))
  if (gathering !== undefined) {
    tables.bundleGatherings.put(gatheringKey(bundleId, gathering), Buffer.alloc(0))
  }
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

function removePlaces(tables: Tables, { bundleId, tenantId, gathering }: Bundle): void {
  tables.bundlesOfTenants.remove(ownerKey(tenantId, bundleId))
  if (gathering !== undefined) tables.bundleGatherings.remove(gatheringKey(bundleId, gathering))
}
