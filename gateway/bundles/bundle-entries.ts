// The entries of a bundle, ready for a manifest: names made safe, clashes settled, doubled names
// refused. Two passes over the list and a filter of a fixed size, so that memory does not grow with it.
import type { Manifest, ManifestEntry, ManifestStore } from '../../metadata/manifest-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { entryKey, entryName } from '../../protocol/zip/entry-name.ts'
import { CaseClashes } from '../../protocol/zip/key-clashes.ts'
import { placedPages } from '../zip/manifest-entries.ts'
import type { EntryList } from '../zip/write-manifest.ts'
import { clashFilterBytes } from '../zip/zip-limits.ts'
import { bundleEntriesMax, suspectsMax } from './bundle-limits.ts'
import type { RawEntries, RawEntry } from './raw-entries.ts'

export type BundleList = {
  /** What is added. */
  readonly added: RawEntries
  /** What was there before, which stands first. */
  readonly before?: {
    readonly manifests: Pick<ManifestStore, 'pageAt'>
    readonly manifest: Manifest
  }
  /** Names that Windows takes too. */
  readonly windows: boolean
}

/**
 * Closes what it was given. Its pages throw `DuplicateEntryName`, `InvalidRequest` for too many
 * entries, and what those of the list throw.
 */
export function nameEntries(list: BundleList): EntryList {
  let clashes: Promise<CaseClashes> | undefined
  async function* pages() {
    clashes ??= findClashes(list)
    const naming = { clashes: await clashes, windows: list.windows, seen: new Set<string>() }
    for await (const page of unnamedPages(list)) {
      yield page.map((entry) => named(entry, naming)).filter((entry) => entry !== undefined)
    }
  }
  return { pages, close: () => list.added.close() }
}

async function* unnamedPages({ added, before }: BundleList): AsyncGenerator<readonly RawEntry[]> {
  if (before !== undefined && before.manifest.entries > 0) {
    const { manifests, manifest } = before
    for await (const page of placedPages(manifests, manifest, { offset: 0 })) {
      yield page.map(({ entry }) => ({
        ...entry,
        name: entryKey(entry.name),
        isDirectory: entry.name.endsWith('/'),
      }))
    }
  }
  yield* added.pages()
}

async function findClashes(list: BundleList): Promise<CaseClashes> {
  const clashes = new CaseClashes({ bytes: clashFilterBytes })
  let entries = 0
  for await (const page of unnamedPages(list)) {
    for (const entry of page) {
      // The filter lets folders be named twice; here only one of them may be.
      clashes.add(entry.name, { isDirectory: false })
    }
    entries += page.length
    if (entries > bundleEntriesMax) {
      throw new S3Error('InvalidRequest', undefined, {
        message: `A bundle holds ${bundleEntriesMax} entries at most.`,
      })
    }
  }
  return clashes
}

type Naming = {
  readonly clashes: CaseClashes
  readonly windows: boolean
  /** Names that look doubled, so far. */
  readonly seen: Set<string>
}

function named(entry: RawEntry, naming: Naming): ManifestEntry | undefined {
  const { clashes, windows } = naming
  const { name: key, isDirectory } = entry
  const looksDoubled = clashes.hasTwin(key)
  if (looksDoubled) refuseDouble(key, naming)
  // Folders that differ in letter case become one, which harms nobody.
  const hasTwin = windows && !isDirectory && looksDoubled
  const besideFolder = !isDirectory && clashes.isBesideFolder(key)
  const name = entryName({ key, isDirectory, besideFolder, hasTwin }, { windows })
  if (name === undefined) return undefined
  const { size, crc32, modifiedMs, source } = entry
  if (size === 0 || source === undefined) return { name, size: 0, crc32: 0, modifiedMs }
  return { name, size, crc32, modifiedMs, source }
}

function refuseDouble(name: string, { seen }: Naming): void {
  if (seen.has(name)) throw new S3Error('DuplicateEntryName', { Name: name })
  if (seen.size >= suspectsMax) {
    throw new S3Error('InvalidRequest', undefined, {
      message: 'Too many names differ in nothing but the case of their letters.',
    })
  }
  seen.add(name)
}
