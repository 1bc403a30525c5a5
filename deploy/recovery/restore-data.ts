// `holdfast restore`: brings a store back from a backup. Into an empty directory, all of it. Beside what is
// left of the store, the metadata of the backup and those chunks that are missing; or the chunks alone,
// where the metadata are good. What it replaces is kept, and for a while nothing is deleted.
import { copyFile, mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { surveyStore } from '../../datanode/disk/survey-store.ts'
import { RecordCorrupt } from '../../metadata/codec/record-frame.ts'
import { checkEnvironmentFile } from '../../metadata/lmdb/check-environment-file.ts'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import type { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { peekLineage } from '../../metadata/lmdb/peek-lineage.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { DataDirectoryInUse, DataDirectoryRefused, lockDataDirectory } from '../data-directory.ts'
import { openBlobs, openMetadata } from '../pair-stores.ts'
import type { Print } from '../serving.ts'
import { beginRestore, endRestore, requireOwnDirectory, type StoreMarker } from '../store-marker.ts'
import { chunksDirectory, metadataDirectory } from '../store-paths.ts'
import { newProcessId } from '../worker-pool.ts'
import { syncDirectory } from '../write-durably.ts'
import { type BackupMarker, readBackupMarker } from './backup-marker.ts'
import { bringBackOthers, copySegments } from './copy-segments.ts'
import { isWithin } from './is-within.ts'
import { lackingChunks } from './lacking-chunks.ts'
import { pairAnew } from './pair-anew.ts'

export type Restore = {
  readonly from: string
  readonly dataDirectory: string
  readonly masterKeyFile: string
  /** Those of the directory are good: chunks alone are brought back. */
  readonly metadata: 'fromBackup' | 'kept'
  /** Running time for which nothing is deleted afterwards. */
  readonly keepMs: number
  readonly nowMs: number
  readonly print: Print
}

/** Answers whether nothing is missing. Throws `StoreRefused`; the directory is as it was then. */
export async function restoreData(restore: Restore): Promise<boolean> {
  const { from, dataDirectory, masterKeyFile } = restore
  const backup = await readBackupMarker(from)
  if (backup === undefined) throw new StoreRefused(`${from} is not a backup, or not a whole one.`)
  if (isWithin(dataDirectory, from) || isWithin(from, dataDirectory)) {
    throw new StoreRefused(
      `${from} and ${dataDirectory} lie in one another: choose another directory.`,
    )
  }
  const marker = await requireOwnDirectory(dataDirectory, [masterKeyFile])
  const releaseBackup = await lockBackup(from)
  try {
    return await restoreInto(restore, { backup, marker })
  } finally {
    releaseBackup()
  }
}

/** No other may change it meanwhile. Where nothing can be written, nobody does. */
async function lockBackup(from: string): Promise<() => void> {
  try {
    const lock = await lockDataDirectory(from, { pid: process.pid, wait: sleep, as: 'command' })
    return () => lock.release()
  } catch (cause) {
    if (cause instanceof DataDirectoryInUse || !(cause instanceof DataDirectoryRefused)) throw cause
    return () => undefined
  }
}

async function restoreInto(
  restore: Restore,
  { backup, marker }: { backup: BackupMarker; marker: StoreMarker | undefined },
): Promise<boolean> {
  const { dataDirectory, masterKeyFile, print } = restore
  const lock = await lockDataDirectory(dataDirectory, {
    pid: process.pid,
    wait: sleep,
    as: 'command',
  })
  try {
    await requireSameStore(restore, { backup, marker })
    if (restore.metadata === 'kept' && !(await hasMetadata(dataDirectory))) {
      throw new StoreRefused(
        `There are no metadata in ${dataDirectory} to keep: run it without --keep-metadata.`,
      )
    }
    beginRestore(dataDirectory)
    await bringSegments(restore)
    if (restore.metadata === 'fromBackup') await bringMetadata(restore)
    const missing = await bringChunks(restore, marker)
    await endRestore(dataDirectory)
    print(
      missing === 0
        ? `Restored from the backup of ${backup.takenAt.toISOString()}. The server can be started.`
        : `Restored from the backup of ${backup.takenAt.toISOString()}; ${missing} chunks are in neither of the two: holdfast check names them.`,
    )
    if ((await stat(masterKeyFile).catch(() => undefined)) === undefined) {
      print(`Put the master key back before you start: ${masterKeyFile}`)
    }
    return missing === 0
  } finally {
    lock.release()
  }
}

async function hasMetadata(dataDirectory: string): Promise<boolean> {
  const file = environmentFile(metadataDirectory(dataDirectory))
  return (await checkEnvironmentFile(file)) === 'present'
}

async function requireSameStore(
  { dataDirectory, from }: Restore,
  { backup, marker }: { backup: BackupMarker; marker: StoreMarker | undefined },
): Promise<void> {
  const { note, origins } = await surveyOf(dataDirectory)
  const catalog = await peekLineage(metadataDirectory(dataDirectory)).catch(unlessDamaged)
  const noted = typeof catalog === 'object' ? [catalog.lineage] : []
  const ids = [marker, note, ...noted, ...origins].map((each) => each?.storeId)
  if (ids.every((id) => id === undefined || id === backup.storeId)) return
  throw new StoreRefused(
    `The backup in ${from} is of another store than the one in ${dataDirectory}: restore it into an empty directory.`,
  )
}

/** What is damaged is what a restore is for. */
function unlessDamaged(cause: unknown): undefined {
  if (!(cause instanceof StoreRefused || cause instanceof RecordCorrupt)) throw cause
}

function surveyOf(dataDirectory: string) {
  return surveyStore({ vfs: realVfs, paths: segmentPaths(chunksDirectory(dataDirectory)) })
}

/** Whole files, where there are none: the fastest way. */
async function bringSegments({ from, dataDirectory }: Restore): Promise<void> {
  const { holdsSegments } = await surveyOf(dataDirectory)
  if (holdsSegments) return
  const [source, target] = [from, dataDirectory].map((path) =>
    join(chunksDirectory(path), 'segments'),
  )
  if (source === undefined || target === undefined) return
  await bringBackOthers(source)
  await copySegments(source, target)
  syncDirectory(chunksDirectory(dataDirectory))
  syncDirectory(dataDirectory)
}

async function bringMetadata({ from, dataDirectory, nowMs, print }: Restore): Promise<void> {
  const metadata = metadataDirectory(dataDirectory)
  if ((await stat(metadata).catch(() => undefined)) !== undefined) {
    const aside = `${metadata}.replaced-${new Date(nowMs).toISOString().replaceAll(':', '')}`
    await rename(metadata, aside)
    print(`The metadata that were there are kept in ${aside}.`)
  }
  // Under another name until it is whole: a directory without data is no metadata.
  const draft = `${metadata}.new`
  await mkdir(draft, { recursive: true, mode: 0o700 })
  const file = join(draft, 'data.mdb')
  await copyFile(join(metadataDirectory(from), 'data.mdb'), file)
  const handle = await realVfs.open(file, 'readWrite')
  await handle.datasync().finally(() => handle.close())
  syncDirectory(draft)
  await rename(draft, metadata)
  syncDirectory(dataDirectory)
}

/** Answers how many chunks are missing in the end. */
async function bringChunks(restore: Restore, marker: StoreMarker | undefined): Promise<number> {
  const { dataDirectory, keepMs, print } = restore
  const metadata = await openMetadata({ dataDirectory, role: 'primary' })
  try {
    const options = {
      dataDirectory,
      role: 'primary',
      processId: newProcessId(process.pid),
    } as const
    const blobs = await openBlobs(options, metadata, () => undefined)
    try {
      const { brought, missing } = await bringLacking(restore, { metadata, blobs })
      if (brought > 0) print(`${brought} chunks were brought back from the backup.`)
      const chunks = await surveyOf(dataDirectory)
      // First: a server may be started as soon as they are paired.
      await metadata.orphans.deferDeletions(keepMs)
      await pairAnew(dataDirectory, { metadata, marker, chunks })
      return missing
    } finally {
      await blobs.close()
    }
  } finally {
    await metadata.close()
  }
}

/** What is damaged is known to the index only after it was read. */
function readingAll(blobs: DiskBlobStore): Pick<DiskBlobStore, 'lookFor'> {
  return {
    lookFor: async (ref) => {
      await blobs.sealed(ref)
      return blobs.lookFor(ref)
    },
  }
}

async function bringLacking(
  { from }: Restore,
  { metadata, blobs }: { metadata: LmdbMetadataStore; blobs: DiskBlobStore },
) {
  let source: DiskBlobStore | undefined
  let brought = 0
  let missing = 0
  const bring = async (ref: BlobRef): Promise<void> => {
    const options = {
      dataDirectory: from,
      role: 'primary',
      processId: newProcessId(process.pid),
    } as const
    source ??= await openBlobs(options, metadata, () => undefined)
    const sealed = await source.sealed(ref)
    if (sealed === undefined) {
      missing += 1
      return
    }
    const { is } = await blobs.write(sealed)
    if (is === 'full')
      throw new StoreRefused('The disk is full. With more room, run the same command again.')
    brought += 1
  }
  try {
    await lackingChunks({ chunks: metadata.chunks, blobs: readingAll(blobs), onLacking: bring })
  } finally {
    await source?.close()
  }
  return { brought, missing }
}
