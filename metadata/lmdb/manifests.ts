// Manifests: heads, which are found by scope, and pages, which are found by where they stand.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  encodeManifestHead,
  type ManifestHead,
  manifestOf,
  parseManifestHead,
} from '../codec/manifest-codec.ts'
import { encodeManifestPage, parseManifestPage } from '../codec/manifest-page-codec.ts'
import type { Manifest, ManifestId, ManifestStore } from '../manifest-store.ts'
import { parseManifestId } from '../record-ids.ts'
import type { TenantId } from '../records.ts'
import { sealLease } from './lease-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import type { LmdbTable } from './lmdb-table.ts'
import { recall, remember } from './remembered-commits.ts'
import { justAfter, numberKey, rangeOf, tenantKey } from './row-keys.ts'

const idBytes = 16
const everyManifest = { start: Buffer.alloc(idBytes), end: Buffer.alloc(idBytes + 1, 0xff) }
/** Rows that one step of a removal deletes: some milliseconds of a transaction. */
const removedAtOnce = 64

export function lmdbManifests(env: LmdbEnvironment): ManifestStore {
  return {
    begin: ({ nowMs, ...manifest }) =>
      env.add((tables) => {
        const before = headOf(tables, manifest.manifestId)
        assert(
          before === undefined || before.state === 'open',
          'a manifest begun after its sealing',
        )
        if (before === undefined)
          putHead(tables, { ...manifest, createdMs: nowMs, usedMs: nowMs, state: 'open' })
      }),

    putPages: async (manifestId, pages) => {
      const id = keyOf(manifestId)
      const rows = pages.map((page) => ({
        pageKey: Buffer.concat([id, numberKey(page.offset)]),
        placeKey: Buffer.concat([id, numberKey(page.centralOffset)]),
        place: numberKey(page.offset),
        bytes: encodeManifestPage(page),
      }))
      return env.add((tables) => {
        if (headOf(tables, manifestId)?.state !== 'open') return { is: 'noSuchManifest' }
        for (const row of rows) {
          tables.manifestPages.put(row.pageKey, row.bytes)
          tables.manifestPlaces.put(row.placeKey, row.place)
        }
        return { is: 'done' }
      })
    },

    seal: (manifestId, summary) =>
      env.write((tables) => {
        const head = headOf(tables, manifestId)
        if (head?.state === 'sealed' && isDeepStrictEqual(head.summary, summary)) {
          return { is: 'sealed', manifest: manifestOf(head) }
        }
        if (head?.state !== 'open') return { is: 'noSuchManifest' }
        const newest = ofScope(tables, head, 1)[0]
        if (newest?.etag === summary.etag) return { is: 'known', manifest: newest }
        // The order within a scope is that of sealing, whatever the clock says.
        const createdMs = Math.max(head.createdMs, (newest?.createdMs ?? 0) + 1)
        const sealed = { ...head, createdMs, state: 'sealed' as const, summary }
        putHead(tables, sealed)
        sealLease(tables, manifestId)
        tables.manifestScopes.put(foundBy(sealed), Buffer.alloc(0))
        return { is: 'sealed', manifest: manifestOf(sealed) }
      }),

    get: async (manifestId) => env.read((tables) => sealedManifest(tables, manifestId)),

    ofScope: async (tenantId, scope, limit) =>
      env.read((tables) => ofScope(tables, { tenantId, scope }, limit)),

    ofTenant: async (tenantId, { after, limit }) =>
      env.read((tables) => {
        const range = rangeOf(tenantKey(tenantId))
        const start = after === undefined ? range.start : justAfter(Buffer.from(after, 'hex'))
        const keys = tables.manifestScopes.keys({ start, end: range.end, limit })
        const manifests = keys.map((key) => manifestFoundBy(tables, key))
        const last = keys.length < limit ? undefined : keys.at(-1)
        return last === undefined ? { manifests } : { manifests, next: last.toString('hex') }
      }),

    pageAt: async (manifestId, place) =>
      env.read((tables) => {
        if (sealedManifest(tables, manifestId) === undefined) return undefined
        const id = keyOf(manifestId)
        const row =
          'offset' in place
            ? pageAtOffset(tables, id, place.offset)
            : pageAtCentral(tables, id, place.centralOffset)
        return row && parseManifestPage(row)
      }),

    moveToScope: (manifestId, { from, to }, options) =>
      env.write((tables) => {
        if (recall(tables, options?.commitId, 'moved')) return { is: 'done' }
        const head = headOf(tables, manifestId)
        if (head?.state !== 'sealed' || head.scope !== from) return { is: 'noSuchManifest' }
        const moved = { ...head, scope: to }
        tables.manifestScopes.remove(foundBy(head))
        tables.manifestScopes.put(foundBy(moved), Buffer.alloc(0))
        putHead(tables, moved)
        remember(tables, options?.commitId, { is: 'moved' })
        return { is: 'done' }
      }),

    touch: (manifestId, nowMs) =>
      env.write((tables) =>
        touchManifest(tables, manifestId, nowMs) ? { is: 'done' } : { is: 'noSuchManifest' },
      ),

    stale: async ({ usedBeforeMs, openBeforeMs = usedBeforeMs, limit }) =>
      env.read((tables) => {
        const stale: ManifestId[] = []
        for (const row of tables.manifests.rows(everyManifest)) {
          if (stale.length === limit) break
          const { manifestId, state, usedMs } = parseManifestHead(row.value)
          const beforeMs = state === 'open' ? openBeforeMs : usedBeforeMs
          if (state === 'removed' || usedMs < beforeMs) stale.push(manifestId)
        }
        return stale
      }),

    remove: (manifestId) => env.write((tables) => removalStep(tables, manifestId)),
  }
}

function keyOf(manifestId: ManifestId): Buffer {
  return Buffer.from(manifestId, 'hex')
}

/** tenant, digest of the scope. */
function scopeKey(tenantId: TenantId, scope: string): Buffer {
  const digest = createHash('sha256').update(scope).digest()
  return Buffer.concat([tenantKey(tenantId), digest.subarray(0, idBytes)])
}

/** Newest first within a scope. */
function foundBy({ tenantId, scope, createdMs, manifestId }: ManifestHead): Buffer {
  const order = numberKey(Number.MAX_SAFE_INTEGER - createdMs)
  return Buffer.concat([scopeKey(tenantId, scope), order, keyOf(manifestId)])
}

function headOf(tables: Tables, manifestId: ManifestId): ManifestHead | undefined {
  const bytes = tables.manifests.get(keyOf(manifestId))
  return bytes && parseManifestHead(bytes)
}

function putHead(tables: Tables, head: ManifestHead): void {
  tables.manifests.put(keyOf(head.manifestId), encodeManifestHead(head))
}

/** Says that it is used until then, at least. False: there is no such manifest. */
export function touchManifest(tables: Tables, manifestId: ManifestId, usedMs: number): boolean {
  const head = headOf(tables, manifestId)
  if (head === undefined || head.state === 'removed') return false
  if (head.usedMs < usedMs) putHead(tables, { ...head, usedMs })
  return true
}

export function sealedManifest(tables: Tables, manifestId: ManifestId): Manifest | undefined {
  const head = headOf(tables, manifestId)
  return head?.state === 'sealed' ? manifestOf(head) : undefined
}

function manifestFoundBy(tables: Tables, key: Buffer): Manifest {
  const manifestId = parseManifestId(key.toString('hex', key.length - idBytes))
  const manifest = manifestId && sealedManifest(tables, manifestId)
  assert(manifest !== undefined, 'a scope that names no manifest')
  return manifest
}

type Scope = Pick<Manifest, 'tenantId' | 'scope'>

/** The newest first. The key holds a digest of the scope; the head holds the scope itself. */
function ofScope(tables: Tables, { tenantId, scope }: Scope, limit: number): readonly Manifest[] {
  const found: Manifest[] = []
  for (const { key } of tables.manifestScopes.rows(rangeOf(scopeKey(tenantId, scope)))) {
    if (found.length === limit) break
    const manifest = manifestFoundBy(tables, key)
    if (manifest.scope === scope) found.push(manifest)
  }
  return found
}

/** The last row of this manifest whose number is not above `number`. */
function lastUpTo(table: LmdbTable, id: Buffer, number: number) {
  const end = Buffer.concat([id, numberKey(number + 1)])
  return table.last({ start: Buffer.concat([id, numberKey(0)]), end })
}

function pageAtOffset(tables: Tables, id: Buffer, offset: number): Buffer | undefined {
  // Whoever goes through the pages asks for the very beginning of each but the first.
  const exact = tables.manifestPages.get(Buffer.concat([id, numberKey(offset)]))
  return exact ?? lastUpTo(tables.manifestPages, id, offset)?.value
}

function pageAtCentral(tables: Tables, id: Buffer, centralOffset: number): Buffer | undefined {
  const offset = lastUpTo(tables.manifestPlaces, id, centralOffset)?.value
  return offset && tables.manifestPages.get(Buffer.concat([id, offset]))
}

/** As `ManifestStore.remove`. */
export function removalStep(
  tables: Tables,
  manifestId: ManifestId,
): { is: 'more' } | { is: 'done' } {
  const head = headOf(tables, manifestId)
  if (head === undefined) return { is: 'done' }
  if (head.state === 'sealed') tables.manifestScopes.remove(foundBy(head))
  if (head.state !== 'removed') putHead(tables, { ...head, state: 'removed' })
  const range = rangeOf(keyOf(manifestId))
  let left = removedAtOnce
  for (const table of [tables.manifestPages, tables.manifestPlaces]) {
    const keys = table.keysToRemove({ ...range, limit: left })
    for (const key of keys) table.remove(key)
    left -= keys.length
  }
  if (left === 0) return { is: 'more' }
  tables.manifests.remove(keyOf(manifestId))
  return { is: 'done' }
}
