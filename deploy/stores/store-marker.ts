// The file that says that a data directory is Holdfast's, of which store and of which format. It is looked
// at before anything else: nothing is written into a directory that belongs to somebody else.
import { rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { StoreId } from '../../protocol/store/lineage.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { namesIn } from './names-in.ts'
import { readStoreNoteFile, writeStoreNoteFile } from './store-note-file.ts'
import { writeDurably } from './write-durably.ts'

const markerName = 'holdfast-store'
export const backupMarkerName = 'holdfast-backup'
/** In the directory of a metadata service (`metadata-directory.ts`). */
export const metadataNoteName = 'holdfast-metadata'
/** What a server keeps in its directory, and what file systems and starts that were cut off leave there. */
const ours =
  /^(lock|metadata(\.new|\.replaced-.*)?|chunks|lost\+found|holdfast-store(\.new)?|restore-under-way(\.new)?)$/
const insideOf: Readonly<Record<string, RegExp>> = {
  metadata: /^((data|lock)\.mdb|data\.mdb\.(new|replaced-.*)|room-trial)$/,
  chunks: /^(segments|index|index-trust(\.new)?)$/,
}
const namesShown = 3

/** Is there while a restore has not come to its end. */
const restoreName = 'restore-under-way'

export type StoreMarker = { readonly storeId: StoreId; readonly format: number }

/**
 * Throws `StoreRefused` unless the directory is a store of a known format, empty, or not there. `files`:
 * paths of files of the operator's that may lie in it. Changes nothing.
 */
export async function requireOwnDirectory(
  directory: string,
  files: readonly string[],
): Promise<StoreMarker | undefined> {
  try {
    return await requireOwn(directory, files)
  } catch (cause) {
    // What cannot be looked at cannot be locked either, and that says why.
    if (cause instanceof Error && 'syscall' in cause) return undefined
    throw cause
  }
}

async function requireOwn(
  directory: string,
  files: readonly string[],
): Promise<StoreMarker | undefined> {
  const marker = await readMarker(directory)
  if (marker !== undefined) return marker
  if (await exists(join(directory, backupMarkerName))) {
    throw new StoreRefused(
      `${directory} is a backup, and no server starts on it: holdfast restore --from ${directory} --data DIR makes a data directory of it.`,
    )
  }
  if (await exists(join(directory, metadataNoteName))) {
    throw new StoreRefused(
      `${directory} belongs to a metadata service, and has no chunks: no server starts on it. holdfast metadata --metadata lmdb:${directory} serves it.`,
    )
  }
  const foreign = await foreignNames(directory, files)
  if (foreign.length === 0) return undefined
  const more = foreign.length > namesShown ? ', …' : ''
  const shown = `${foreign.slice(0, namesShown).join(', ')}${more}`
  const below = await storesBelow(directory)
  const hint =
    below === undefined
      ? 'Choose an empty directory with --data.'
      : `There is a store in ${below}: is --data ${below} what you mean?`
  throw new StoreRefused(
    `The data directory ${directory} holds what is not Holdfast's (${shown}), so nothing is written there. ${hint}`,
  )
}

/**
 * `undefined`: there is none. Throws `StoreRefused` when it is damaged, or of a later format, and when
 * something of the store is of the wrong kind.
 */
export async function readMarker(directory: string): Promise<StoreMarker | undefined> {
  return readStoreNoteFile(join(directory, markerName))
}

/** Durable when it returns. */
export function writeMarker(directory: string, storeId: StoreId): void {
  const sentence =
    'This directory belongs to Holdfast: change, move or remove nothing in it while a server runs.'
  writeStoreNoteFile(join(directory, markerName), { sentence, storeId })
}

/** Throws `StoreRefused` when a restore was cut off: what there is of it is not to be served. */
export async function requireRestored(directory: string): Promise<void> {
  if (!(await exists(join(directory, restoreName)))) return
  throw new StoreRefused(
    `A restore into ${directory} was cut off: run the same command again, and it goes on.`,
  )
}

/** Durable when it returns. */
export function beginRestore(directory: string): void {
  writeDurably(join(directory, restoreName), 'holdfast restore goes on here\n')
}

export async function endRestore(directory: string): Promise<void> {
  await rm(join(directory, restoreName), { force: true })
}

async function foreignNames(
  directory: string,
  files: readonly string[],
): Promise<readonly string[]> {
  const own = files
    .filter((path) => dirname(resolve(path)) === resolve(directory))
    .map((path) => basename(path))
  const isOwn = (name: string) =>
    own.some((known) => name === known || name.startsWith(`${known}.`))
  const foreign = (await namesIn(directory)).filter((name) => !ours.test(name) && !isOwn(name))
  for (const [folder, known] of Object.entries(insideOf)) {
    const names = await namesIn(join(directory, folder))
    foreign.push(...names.filter((name) => !known.test(name)).map((name) => join(folder, name)))
  }
  return foreign
}

async function storesBelow(directory: string): Promise<string | undefined> {
  for (const name of await namesIn(directory)) {
    const below = join(directory, name)
    const isStore =
      (await exists(join(below, markerName))) || (await exists(join(below, 'metadata', 'data.mdb')))
    if (isStore) return below
  }
  return undefined
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
