// Freezes what a bundle holds: a manifest for each state it has. The lease of a manifest holds its data
// from before the look on, and is handed over to that of the bundle, which holds the data of all its
// states until it has expired.
import assert from 'node:assert'
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { LeaseScope } from '../../metadata/lease-store.ts'
import type { EntrySource, Manifest, ManifestEntry } from '../../metadata/manifest-store.ts'
import type { BucketRef, MetadataStore } from '../../metadata/metadata-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { entryKey } from '../../protocol/zip/entry-name.ts'
import { looksWithin } from '../zip/frozen-listing.ts'
import { type FreezeOrder, removeManifest } from '../zip/manifest-cache.ts'
import { placedPages } from '../zip/manifest-entries.ts'
import type { EntryList } from '../zip/write-manifest.ts'
import type { ZipService } from '../zip/zip-service.ts'
import { nameEntries } from './bundle-entries.ts'
import { afterExpiryMs, rowsNamedMax } from './bundle-limits.ts'
import type { ReadableKeys } from './bundle-permission.ts'
import { type Selection, scopesOf } from './bundle-selection.ts'
import type { Gathered } from './external/gather-sources.ts'
import { openSelections } from './raw-entries.ts'

export type FreezeDeps = {
  readonly metadata: MetadataStore
  readonly zip: ZipService
  readonly random: RandomBytes
}

export type BundleOrder = {
  readonly bucket: BucketRef & { readonly createdMs: number }
  readonly selections: readonly Selection[]
  readonly windows: boolean
  readonly readable: ReadableKeys
  /** What the bundle holds already. */
  readonly before?: Manifest
  /** Of who asks. */
  readonly signal: AbortSignal
}

/**
 * A manifest that nobody else has, in which entries from elsewhere have no bytes yet. It lives for a day
 * after its last use, unless a bundle keeps it. Throws what choosing and naming the entries throws, and
 * `SlowDown` when the tenant's quota is in use.
 */
export async function freezeBundle(deps: FreezeDeps, order: BundleOrder): Promise<Manifest> {
  const { metadata } = deps
  const { bucket, selections, windows, readable, before, signal } = order
  const behind = before && { before: { manifests: metadata.manifests, manifest: before } }
  const manifest = await freeze(deps, {
    tenantId: bucket.tenantId,
    windows,
    emptyModifiedMs: bucket.createdMs,
    scopes: scopesOf(selections, bucket.id),
    signal,
    open: async (wanted) => {
      const looks = looksWithin(metadata, wanted)
      const added = await openSelections(looks, bucket, { selections, readable })
      return nameEntries({ added, windows, ...behind })
    },
  })
  await holdOnlyEntries(deps, manifest, before)
  return manifest
}

/**
 * What is chosen lies in what the selections cover, which may be the whole bucket: once the list is there,
 * only that is held which it names, unless it is long. What was there before, the bundle holds already.
 */
async function holdOnlyEntries(
  { metadata, zip }: FreezeDeps,
  manifest: Manifest,
  before: Manifest | undefined,
): Promise<void> {
  if (manifest.entries === 0 || manifest.entries > rowsNamedMax) return
  const known = new Set<string>()
  if (before !== undefined) {
    for await (const { rowId } of sourcesOf(metadata, before)) known.add(rowId)
  }
  const scopes: LeaseScope[] = []
  for await (const source of sourcesOf(metadata, manifest)) {
    if (!known.has(source.rowId)) scopes.push({ is: 'row', ...source })
  }
  await zip.archives.narrow(manifest.manifestId, scopes)
}

async function* sourcesOf(
  { manifests }: Pick<MetadataStore, 'manifests'>,
  manifest: Manifest,
): AsyncGenerator<EntrySource, void, void> {
  if (manifest.entries === 0) return
  for await (const page of placedPages(manifests, manifest, { offset: 0 })) {
    for (const { entry } of page) if (entry.source !== undefined) yield entry.source
  }
}

/**
 * The same list once more, with the entries that have been gathered meanwhile. As `freezeBundle`; what is
 * not gathered is held as it was for the list before.
 */
export function fillManifest(
  deps: FreezeDeps,
  filling: Pick<BundleOrder, 'windows' | 'signal'> & {
    readonly manifest: Manifest
    readonly gathered: Gathered
  },
): Promise<Manifest> {
  const { manifest, windows, gathered, signal } = filling
  return freeze(deps, {
    tenantId: manifest.tenantId,
    windows,
    emptyModifiedMs: manifest.modifiedMs,
    scopes: [...gathered.values()].flatMap(({ source }) =>
      source === undefined ? [] : [{ is: 'row' as const, ...source }],
    ),
    signal,
    open: async (wanted) =>
      filledEntries(deps.metadata.within({ signal: wanted }), manifest, gathered),
  })
}

type Freezing = {
  readonly tenantId: TenantId
  readonly windows: boolean
  readonly emptyModifiedMs: number
  readonly scopes: readonly LeaseScope[]
} & Pick<FreezeOrder, 'signal' | 'open'>

function freeze({ zip, random }: FreezeDeps, freezing: Freezing): Promise<Manifest> {
  const { windows, ...order } = freezing
  return zip.archives.freeze({
    ...order,
    scope: `bundle ${random(16).toString('hex')}`,
    options: windows ? 'bundle windows' : 'bundle plain',
  })
}

function filledEntries(
  { manifests }: Pick<MetadataStore, 'manifests'>,
  manifest: Manifest,
  gathered: Gathered,
): EntryList {
  async function* pages(): AsyncGenerator<readonly ManifestEntry[], void, void> {
    let filled = 0
    for await (const page of placedPages(manifests, manifest, { offset: 0 })) {
      yield page.map(({ entry }) => {
        // No two entries share a name, so that only one can be meant.
        const found = gathered.get(entryKey(entry.name))
        if (found === undefined) return entry
        filled += 1
        return { name: entry.name, ...found }
      })
    }
    assert(filled === gathered.size, 'an entry that was gathered for another list')
  }
  return { pages, close: async () => {} }
}

/** Until when a bundle keeps what it names. */
export function keptUntil({ expiresMs }: Bundle): number {
  return expiresMs + afterExpiryMs
}

/** Gives back at once what manifests take that are named by no bundle any more. Safe to repeat. */
export async function removeManifests(
  metadata: MetadataStore,
  manifestIds: readonly Manifest['manifestId'][],
): Promise<void> {
  for (const manifestId of manifestIds) await removeManifest(metadata, manifestId)
}
