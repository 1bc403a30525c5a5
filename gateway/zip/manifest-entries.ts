// Entries of a sealed manifest, with their places in the archive, from some place on; and whether somebody may
// read all of them.
import assert from 'node:assert'
import type {
  Manifest,
  ManifestEntry,
  ManifestPage,
  ManifestStore,
} from '../../metadata/manifest-store.ts'
import { centralHeaderBytes, localHeaderBytes } from '../../protocol/zip/zip-layout.ts'
import { type AllowsKey, requireKeys } from '../access/require.ts'

export type PlacedEntry = {
  readonly entry: ManifestEntry
  /** Of its local header in the archive. */
  readonly offset: number
  /** Of its first byte of data, and behind its last. */
  readonly dataOffset: number
  readonly end: number
  /** Of its header in the central directory, counted from the directory's beginning. */
  readonly centralOffset: number
}

type Pages = Pick<ManifestStore, 'pageAt'>
type Place = Parameters<ManifestStore['pageAt']>[1]

/**
 * Pages from the one that holds the place, to the last. Throws when the manifest has been removed
 * meanwhile. Ended early, nothing is left open.
 */
export async function* placedPages(
  manifests: Pages,
  manifest: Pick<Manifest, 'manifestId' | 'directory'>,
  from: Place,
): AsyncGenerator<readonly PlacedEntry[], void, void> {
  let place: Place = from
  let end = 'offset' in from && from.offset >= manifest.directory.offset
  while (!end) {
    const page = await manifests.pageAt(manifest.manifestId, place)
    assert(page !== undefined, 'a manifest that was removed while it was read')
    const placed = placeEntries(page)
    const last = placed.at(-1)
    assert(last !== undefined, 'a manifest page without entries')
    yield placed
    place = { offset: last.end }
    end = last.end >= manifest.directory.offset
  }
}

function placeEntries(page: ManifestPage): readonly PlacedEntry[] {
  let { offset, centralOffset } = page
  return page.entries.map((entry) => {
    const dataOffset = offset + localHeaderBytes(entry)
    const placed = { entry, offset, dataOffset, end: dataOffset + entry.size, centralOffset }
    centralOffset += centralHeaderBytes(entry, offset)
    offset = placed.end
    return placed
  })
}

/**
 * Whether a list has just the entries of the manifest. Stops at the first difference; a manifest that
 * is removed meanwhile is different.
 */
export async function hasEntries(
  manifests: Pages,
  manifest: Manifest,
  pages: AsyncIterable<readonly ManifestEntry[]>,
): Promise<boolean> {
  const known = new EntryCursor(manifests, manifest)
  for await (const page of pages) {
    for (const entry of page) {
      if (known.needsPage && !(await known.turn())) return false
      const before = known.take()
      if (before === undefined || !isSame(before, entry)) return false
    }
  }
  return known.needsPage && known.isLast
}

/** Entries one by one, without a promise for each. */
class EntryCursor {
  private page: readonly ManifestEntry[] = []
  private at = 0
  /** Where the next page begins. */
  private offset = 0
  private readonly manifests: Pages
  private readonly manifest: Manifest

  constructor(manifests: Pages, manifest: Manifest) {
    this.manifests = manifests
    this.manifest = manifest
  }

  get needsPage(): boolean {
    return this.at === this.page.length
  }

  get isLast(): boolean {
    return this.offset >= this.manifest.directory.offset
  }

  take(): ManifestEntry | undefined {
    this.at += 1
    return this.page[this.at - 1]
  }

  /** False: there is no more page, or no more manifest. */
  async turn(): Promise<boolean> {
    if (this.isLast) return false
    const { offset } = this
    const page = await this.manifests.pageAt(this.manifest.manifestId, { offset })
    if (page?.offset !== offset) return false
    this.offset = placeEntries(page).at(-1)?.end ?? offset
    this.page = page.entries
    this.at = 0
    return true
  }
}

function isSame(a: ManifestEntry, b: ManifestEntry): boolean {
  return (
    a.source?.rowId === b.source?.rowId &&
    a.name === b.name &&
    a.size === b.size &&
    a.crc32 === b.crc32 &&
    a.modifiedMs === b.modifiedMs &&
    a.source?.key === b.source?.key &&
    a.source?.bucketId === b.source?.bucketId
  )
}

/**
 * Whoever may not read all that an archive holds gets none of it: a zip in which files are missing would be taken
 * for a whole one. Lists are frozen for all who ask, so each request asks for itself. Entries without bytes give
 * nothing away but their names. Throws `AccessDenied`.
 */
export async function requireEntries(
  manifests: Pick<ManifestStore, 'pageAt'>,
  manifest: Manifest,
  allows: AllowsKey | undefined,
): Promise<void> {
  if (allows === undefined || manifest.entries === 0) return
  for await (const page of placedPages(manifests, manifest, { offset: 0 })) {
    const sources = page.flatMap(({ entry }) => entry.source ?? [])
    await requireKeys(allows, sources)
  }
}
