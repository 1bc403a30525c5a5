// The entries of a prefix: its current objects under the names they have in an archive.
import type { ManifestEntry } from '../../metadata/manifest-store.ts'
import type {
  BucketRef,
  FrozenObject,
  FrozenObjects,
  ObjectStore,
} from '../../metadata/metadata-store.ts'
import type { BucketId } from '../../metadata/records.ts'
import { CaseClashes } from '../../protocol/zip/case-clashes.ts'
import { entryName } from '../../protocol/zip/entry-name.ts'
import type { EntryList } from './entry-list.ts'
import { clashFilterBytes } from './zip-limits.ts'

export type PrefixArchive = {
  /** As the client wrote it: with or without a slash at its end. */
  readonly prefix: string
  /** Names that Windows takes too. */
  readonly windows: boolean
  /** A key to be left out. */
  readonly except?: string
}

/** Frozen at a moment that is not before the call. */
export async function openPrefix(
  objects: Pick<ObjectStore, 'freeze'>,
  bucket: BucketRef,
  archive: PrefixArchive,
): Promise<EntryList> {
  const frozen = await objects.freeze(bucket, archive.prefix)
  let clashes: Promise<CaseClashes> | undefined
  async function* pages() {
    if (archive.windows) clashes ??= findClashes(frozen, archive)
    const named = { bucketId: bucket.id, archive, clashes: await clashes }
    for await (const page of objectsOf(frozen, archive)) {
      yield page.map((object) => entryOf(object, named)).filter((entry) => entry !== undefined)
    }
  }
  return { pages, close: () => frozen.close() }
}

async function* objectsOf(
  frozen: FrozenObjects,
  { except }: PrefixArchive,
): AsyncGenerator<readonly FrozenObject[], void, void> {
  for await (const page of frozen.pages()) {
    yield except === undefined ? page : page.filter(({ key }) => key !== except)
  }
}

/** How many characters of each key the archive leaves out: up to the last slash of the prefix. */
function cutOf({ prefix }: PrefixArchive): number {
  return prefix.lastIndexOf('/') + 1
}

async function findClashes(frozen: FrozenObjects, archive: PrefixArchive): Promise<CaseClashes> {
  const clashes = new CaseClashes({ bytes: clashFilterBytes })
  const cut = cutOf(archive)
  for await (const page of objectsOf(frozen, archive)) {
    for (const object of page) {
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
function entryOf(object: FrozenObject, naming: Naming): ManifestEntry | undefined {
  const { archive, clashes, bucketId } = naming
  const key = object.key.slice(cutOf(archive))
  const directory = isDirectory(object)
  const besideFolder = !directory && (object.besideFolder || clashes?.isBesideFolder(key) === true)
  const hasTwin = clashes?.hasTwin(key) === true
  const name = entryName({ key, isDirectory: directory, besideFolder, hasTwin }, archive)
  if (name === undefined) return undefined
  const { size, crc32, modifiedMs, rowId } = object
  if (size === 0) return { name, size, crc32: 0, modifiedMs }
  return { name, size, crc32, modifiedMs, source: { bucketId, key: object.key, rowId } }
}
