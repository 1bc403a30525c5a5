// The directory of a metadata service that has its rows in LMDB: metadata without chunks beside them. It has the lock
// and the shape of a data directory, and a note of its own, so that neither a server takes it for its data
// directory, nor a metadata service that of a server.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  checkEnvironmentFile,
  requireSoundPages,
} from '../../metadata/lmdb/check-environment-file.ts'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import {
  type LmdbMetadataOptions,
  LmdbMetadataStore,
} from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { parseStoreId } from '../../protocol/store/lineage.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { type DataDirectoryLock, lockDataDirectory } from './data-directory.ts'
import { namesIn } from './names-in.ts'
import { backupMarkerName, metadataNoteName } from './store-marker.ts'
import { readStoreNoteFile, writeStoreNoteFile } from './store-note-file.ts'
import { metadataDirectory } from './store-paths.ts'

export type OpenedMetadata = {
  readonly store: LmdbMetadataStore
  /** To be released when the store is closed. */
  readonly lock: DataDirectoryLock
}

export type OpeningMetadata = {
  readonly onUnusable: NonNullable<LmdbMetadataOptions['onUnusable']>
  /** Told before what may take long. */
  readonly print: (line: string) => void
}

/** What may be in it, and what file systems and starts that were cut off leave there. */
const ours = /^(lock|metadata|lost\+found|holdfast-metadata(\.new)?)$/

/** Throws `StoreRefused` or `DataDirectoryRefused`; what is somebody else's was not changed then. */
export async function openMetadataDirectory(
  directory: string,
  { onUnusable, print }: OpeningMetadata,
): Promise<OpenedMetadata> {
  await requireMetadataDirectory(directory)
  const lock = await lockDataDirectory(directory, { pid: process.pid, wait: sleep, as: 'server' })
  try {
    // Somebody may have come before the lock.
    await requireMetadataDirectory(directory)
    await noteDirectory(directory)
    const path = metadataDirectory(directory)
    if (lock.mustReadAll) {
      print('The metadata were not closed in order, or changed since: all are read first.')
      await requireSoundPages(environmentFile(path))
    }
    await checkEnvironmentFile(environmentFile(path))
    const store = await LmdbMetadataStore.open({
      path,
      random: randomBytes,
      role: 'primary',
      onUnusable,
    })
    lock.foundSound()
    return { store, lock }
  } catch (cause) {
    lock.release()
    throw cause
  }
}

async function requireMetadataDirectory(directory: string): Promise<void> {
  const names = await namesIn(directory)
  const foreign = names.filter((name) => !ours.test(name))
  if (names.includes(backupMarkerName)) {
    throw new StoreRefused(`${directory} is a backup, and no metadata service starts on it.`)
  }
  if (names.includes('holdfast-store') || names.includes('chunks')) {
    throw new StoreRefused(
      `${directory} is the data directory of a holdfast server, which serves its metadata itself. Give the metadata service a directory of its own.`,
    )
  }
  if (foreign.length > 0) {
    throw new StoreRefused(
      `${directory} holds what is not of a metadata service (${foreign.slice(0, 3).join(', ')}), so nothing is written there. Choose an empty directory.`,
    )
  }
  const note = await readStoreNoteFile(join(directory, metadataNoteName))
  // A server writes its own note when it has opened both its stores.
  if (note === undefined && names.includes('metadata')) {
    throw new StoreRefused(
      `${directory} has metadata and no file ${metadataNoteName}: put it back from a copy, if they are those of a metadata service.`,
    )
  }
}

async function noteDirectory(directory: string): Promise<void> {
  const path = join(directory, metadataNoteName)
  if ((await readStoreNoteFile(path)) !== undefined) return
  const storeId = parseStoreId(randomBytes(16).toString('hex'))
  if (storeId === undefined) throw new Error('no id')
  const sentence =
    'This directory belongs to a metadata service of Holdfast: change, move or remove nothing in it while that runs.'
  writeStoreNoteFile(path, { sentence, storeId })
}
