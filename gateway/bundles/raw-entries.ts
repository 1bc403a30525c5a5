// The entries that selections come to, under the names asked for: all of one frozen moment, page by
// page, the same each time they are asked. Names are not yet safe; `bundle-entries.ts` makes them so.
import type { ManifestEntry } from '../../metadata/manifest-store.ts'
import type { BucketRef, FrozenObject, ObjectStore } from '../../metadata/metadata-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { requireKeys } from '../access/require.ts'
import { FrozenListing } from '../zip/frozen-listing.ts'
import type { ReadableKeys } from './bundle-permission.ts'
import type { Selection } from './bundle-selection.ts'

export type RawEntry = ManifestEntry & {
  /** As asked for. */
  readonly name: string
  /** An object of no bytes whose key ends with a slash. Its name does, too. */
  readonly isDirectory: boolean
}

export interface RawEntries {
  pages(): AsyncIterable<readonly RawEntry[]>
  close(): Promise<void>
}

/** Keys of one page; each is looked up by itself. */
const keysPerPage = 500

type Choice = { readonly selections: readonly Selection[]; readonly readable: ReadableKeys }

/**
 * What lies elsewhere has an empty entry, whose place it takes later. Throws `NoSuchKey`,
 * `NoSuchVersion`, and `MethodNotAllowed` for a delete marker named; pages throw `AccessDenied` for a key that
 * the caller may not read.
 */
export async function openSelections(
  objects: Pick<ObjectStore, 'freezePage' | 'endFreeze' | 'get'>,
  bucket: BucketRef,
  { selections, readable }: Choice,
): Promise<RawEntries> {
  const versions = await findVersions(objects, bucket, selections)
  const frozen = new FrozenListing(objects, bucket)
  const place = { bucket, frozen, versions, readable }
  return {
    pages: () => pagesOf(selections, place),
    close: () => frozen.close(),
  }
}

type Place = Pick<Choice, 'readable'> & {
  readonly bucket: BucketRef
  readonly frozen: FrozenListing
  /** Versions named: they do not change, so that it makes no difference when they were looked up. */
  readonly versions: ReadonlyMap<Selection, FrozenObject>
}

async function findVersions(
  objects: Pick<ObjectStore, 'get'>,
  bucket: BucketRef,
  selections: readonly Selection[],
): Promise<ReadonlyMap<Selection, FrozenObject>> {
  const found = new Map<Selection, FrozenObject>()
  for (const selection of selections) {
    if (selection.is !== 'key' || selection.versionId === undefined) continue
    const { key, versionId } = selection
    const version = await objects.get(bucket, key, versionId)
    if (version === undefined) {
      throw new S3Error('NoSuchVersion', { Key: key, VersionId: versionId })
    }
    if (version.is === 'deleteMarker') {
      throw new S3Error('MethodNotAllowed', { Key: key, ResourceType: 'DeleteMarker' })
    }
    const { rowId, size, crc32, modifiedMs } = version
    found.set(selection, { key, rowId, size, crc32, modifiedMs })
  }
  return found
}

async function* pagesOf(
  selections: readonly Selection[],
  place: Place,
): AsyncGenerator<readonly RawEntry[], void, void> {
  let page: RawEntry[] = []
  for (const selection of selections) {
    if (selection.is === 'key' || selection.is === 'external') {
      page.push(await singleEntry(selection, place))
      if (page.length < keysPerPage) continue
    }
    if (page.length > 0) yield page
    page = []
    if (selection.is === 'prefix' || selection.is === 'glob') yield* pagesBelow(selection, place)
  }
  if (page.length > 0) yield page
}

async function singleEntry(
  selection: Selection & { readonly is: 'key' | 'external' },
  place: Place,
): Promise<RawEntry> {
  const { name } = selection
  if (selection.is === 'external') {
    return { name, isDirectory: false, size: 0, crc32: 0, modifiedMs: 0 }
  }
  const { key } = selection
  const found = place.versions.get(selection) ?? (await place.frozen.find(key))
  if (found === undefined) throw new S3Error('NoSuchKey', { Key: key })
  return rawEntry(found, name, place.bucket)
}

async function* pagesBelow(
  selection: Extract<Selection, { readonly is: 'prefix' | 'glob' }>,
  { bucket, frozen, readable }: Place,
): AsyncGenerator<readonly RawEntry[], void, void> {
  const { folder } = selection
  const beginning = selection.is === 'prefix' ? selection.prefix : selection.glob.beginning
  const cut = selection.is === 'prefix' ? selection.prefix.lastIndexOf('/') + 1 : 0
  for await (const { objects } of frozen.stretches(beginning)) {
    const chosen =
      selection.is === 'glob' ? objects.filter(({ key }) => selection.glob.matches(key)) : objects
    await requireKeys(readable.get(selection), chosen)
    if (chosen.length === 0) continue
    yield chosen.map((object) => rawEntry(object, folder + object.key.slice(cut), bucket))
  }
}

function rawEntry(found: FrozenObject, name: string, bucket: BucketRef): RawEntry {
  const { key, rowId, size, crc32, modifiedMs } = found
  const isDirectory = size === 0 && name.endsWith('/')
  return { name, isDirectory, size, crc32, modifiedMs, source: { bucketId: bucket.id, key, rowId } }
}
