// What a directory says of itself that is a backup: of which store, of which format, and that it is whole.
// It is no data directory: it is restored from, and no server starts on it.
import { join } from 'node:path'
import type { StoreId } from '../../protocol/store/lineage.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { namesIn } from '../stores/names-in.ts'
import { backupMarkerName } from '../stores/store-marker.ts'
import {
  damagedNoteFile,
  readStoreNoteFile,
  writeStoreNoteFile,
} from '../stores/store-note-file.ts'

/** Of a backup that was cut off as well, which has no marker yet. */
const ours = /^(holdfast-backup(\.new)?|metadata|chunks|under-way|lock|lost\+found)$/

export type BackupMarker = {
  readonly storeId: StoreId
  /** When the metadata in it were copied: all that was acknowledged before is in it. */
  readonly takenAt: Date
}

/** `undefined`: not a backup. Throws as `readStoreNoteFile`. */
export async function readBackupMarker(directory: string): Promise<BackupMarker | undefined> {
  const path = join(directory, backupMarkerName)
  const note = await readStoreNoteFile(path)
  if (note === undefined) return undefined
  const takenAt = new Date(note.value('taken') ?? '')
  if (Number.isNaN(takenAt.getTime())) throw damagedNoteFile(path)
  return { storeId: note.storeId, takenAt }
}

/** Durable when it returns. */
export function writeBackupMarker(directory: string, { storeId, takenAt }: BackupMarker): void {
  const sentence = 'This directory is a backup of a Holdfast store: holdfast restore --from it.'
  const lines = [`taken=${takenAt.toISOString()}`]
  writeStoreNoteFile(join(directory, backupMarkerName), { sentence, storeId, lines })
}

/** Throws `StoreRefused` unless the directory is empty, not there, or a backup of this store. */
export async function requireBackupDirectory(
  directory: string,
  storeId: StoreId,
): Promise<BackupMarker | undefined> {
  const marker = await readBackupMarker(directory)
  if (marker !== undefined && marker.storeId !== storeId) {
    throw new StoreRefused(
      `${directory} holds a backup of another store: choose another directory.`,
    )
  }
  const names = await namesIn(directory)
  const foreign = names.filter((name) => !ours.test(name))
  if (foreign.length === 0) return marker
  throw new StoreRefused(
    `${directory} holds what is not of a backup (${foreign.slice(0, 3).join(', ')}): choose an empty directory.`,
  )
}
