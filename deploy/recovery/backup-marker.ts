// What a directory says of itself that is a backup: of which store, of which format, and that it is whole.
// It is no data directory: it is restored from, and no server starts on it.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseStoreId, type StoreId } from '../../protocol/store/lineage.ts'
import { requireKnownFormat, storeFormat } from '../../protocol/store/store-format.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { requireShape } from '../require-shape.ts'
import { backupMarkerName } from '../store-marker.ts'
import { writeDurably } from '../write-durably.ts'

/** Of a backup that was cut off as well, which has no marker yet. */
const ours = /^(holdfast-backup(\.new)?|metadata|chunks|under-way|lock|lost\+found)$/

export type BackupMarker = {
  readonly storeId: StoreId
  /** When the metadata in it were copied: all that was acknowledged before is in it. */
  readonly takenAt: Date
}

/** `undefined`: not a backup. Throws `StoreRefused` for one of a later format, or a damaged one. */
export async function readBackupMarker(directory: string): Promise<BackupMarker | undefined> {
  await requireShape(directory)
  const path = join(directory, backupMarkerName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw cause
  }
  const format = Number(/^format=(\d+)$/m.exec(text)?.[1])
  const storeId = parseStoreId(/^store=(.*)$/m.exec(text)?.[1] ?? '')
  const takenAt = new Date(/^taken=(.*)$/m.exec(text)?.[1] ?? '')
  if (!Number.isSafeInteger(format) || storeId === undefined || Number.isNaN(takenAt.getTime())) {
    throw new StoreRefused(`${path} is damaged.`)
  }
  requireKnownFormat(format, directory)
  return { storeId, takenAt }
}

/** Durable when it returns. */
export function writeBackupMarker(directory: string, { storeId, takenAt }: BackupMarker): void {
  const text = [
    'This directory is a backup of a Holdfast store: holdfast restore --from it.',
    `format=${storeFormat}`,
    `store=${storeId}`,
    `taken=${takenAt.toISOString()}`,
    '',
  ].join('\n')
  writeDurably(join(directory, backupMarkerName), text)
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

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw cause
  }
}
