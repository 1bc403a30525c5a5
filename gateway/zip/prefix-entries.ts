// The entries of a prefix: its current objects under the names they have in an archive.
import type { ManifestEntry } from '../../metadata/manifest-store.ts'
import type { BucketRef, FrozenObject, ObjectStore } from '../../metadata/metadata-store.ts'
import type { BucketId } from '../../metadata/records.ts'
import { compareKeys } from '../../protocol/s3/compare-keys.ts'
import { entryName } from '../../protocol/zip/entry-name.ts'
import { CaseClashes, folderClash } from '../../protocol/zip/key-clashes.ts'
import { FrozenListing, type FrozenStretch } from './frozen-listing.ts'
import type { EntryList } from './write-manifest.ts'
import { clashFilterBytes } from './zip-limits.ts'

export type PrefixArchive = {
  /** As the client wrote it: with or without a slash at its end. */
  readonly prefix: string
  /** Names that Windows takes too. */
  readonly windows: boolean
  /** A key to be left out. */
  readonly except?: string
}

/** As of a moment that is not before the call. */
export function openPrefix(
  objects: Pick<ObjectStore, 'freezePage' | 'endFreeze'>,
  bucket: BucketRef,
  archive: PrefixArchive,
): EntryList {
  const frozen = new FrozenListing(objects, bucket)
  let clashes: Promise<CaseClashes> | undefined
  async function* pages() {
    if (archive.windows) clashes ??= findClashes(frozen, archive)
    const naming = { bucketId: bucket.id, archive, clashes: await clashes }
    for await (const stretch of frozen.stretches(archive.prefix)) {
      const { isFolder, unknown } = findFolders(stretch)
      const { objects } = stretch
      for (const at of unknown) {
        isFolder[at] = !(await frozen.isEmpty(`${objects[at]?.key ?? ''}/`))
      }
      const entries: ManifestEntry[] = []
      objects.forEach((object, at) => {
        if (object.key === archive.except) return
        const entry = entryOf(object, isFolder[at] === true, naming)
        if (entry !== undefined) entries.push(entry)
      })
      yield entries
    }
  }
  return { pages, close: () => frozen.close() }
}

/** Which keys others begin with, and a slash; and of which keys the stretch does not tell. */
function findFolders(stretch: FrozenStretch): { isFolder: boolean[]; unknown: number[] } {
  const { objects, next } = stretch
  const unknown: number[] = []
  const isFolder = objects.map(({ key }, at) => {
    const clash = folderClash(key, at + 1 < objects.length ? objects[at + 1]?.key : next)
    if (clash !== 'unknown') return clash === 'folder'
    const folder = `${key}/`
    const found = keyFrom(stretch, folder, at + 2)
    if (found === undefined && next !== undefined) unknown.push(at)
    return found?.startsWith(folder) === true
  })
  return { isFolder, unknown }
}

/** The first key from this place on that is not before `bound`. */
function keyFrom(
  { objects, next }: FrozenStretch,
  bound: string,
  from: number,
): string | undefined {
  const keyAt = (index: number) => (index === objects.length ? next : objects[index]?.key)
  let low = from
  let high = objects.length + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const there = keyAt(middle)
    if (there !== undefined && compareKeys(there, bound) < 0) low = middle + 1
    else high = middle
  }
  return keyAt(low)
}

/** How many characters of each key the archive leaves out: up to the last slash of the prefix. */
function cutOf({ prefix }: PrefixArchive): number {
  return prefix.lastIndexOf('/') + 1
}

async function findClashes(frozen: FrozenListing, archive: PrefixArchive): Promise<CaseClashes> {
  const clashes = new CaseClashes({ bytes: clashFilterBytes })
  const cut = cutOf(archive)
  for await (const { objects } of frozen.stretches(archive.prefix)) {
    for (const object of objects) {
      if (object.key === archive.except) continue
      clashes.add(object.key.slice(cut), { isDirectory: isDirectory(object) })
    }
  }
  return clashes
}

function isDirectory({ key, size }: FrozenObject): boolean {
  return size === 0 && key.endsWith('/')
}

type Naming = {
  readonly bucketId: BucketId
  readonly archive: PrefixArchive
  readonly clashes: CaseClashes | undefined
}

/** Undefined: the folder that is archived, which needs no entry. */
function entryOf(
  object: FrozenObject,
  hasFolder: boolean,
  naming: Naming,
): ManifestEntry | undefined {
  const { archive, clashes, bucketId } = naming
  const key = object.key.slice(cutOf(archive))
  const directory = isDirectory(object)
  const besideFolder = !directory && (hasFolder || clashes?.isBesideFolder(key) === true)
  const hasTwin = clashes?.hasTwin(key) === true
  const name = entryName({ key, isDirectory: directory, besideFolder, hasTwin }, archive)
  if (name === undefined) return undefined
  const { size, crc32, modifiedMs, rowId } = object
  if (size === 0) return { name, size, crc32: 0, modifiedMs }
  return { name, size, crc32, modifiedMs, source: { bucketId, key: object.key, rowId } }
}
