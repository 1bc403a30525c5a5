// `holdfast restore`: brings a store back from a backup. Into an empty directory, all of it. Beside what is
// left of the store, the metadata of the backup and those chunks that are missing; or the chunks alone,
// where the metadata are good. What it replaces is kept, and for a while nothing is deleted.
import { chmod, copyFile, mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { surveyStore } from '../../datanode/disk/survey-store.ts'
import { RecordCorrupt } from '../../metadata/codec/record-frame.ts'
import {
  checkEnvironmentFile,
  requireSoundPages,
} from '../../metadata/lmdb/check-environment-file.ts'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import type { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { peekLineage } from '../../metadata/lmdb/peek-lineage.ts'
import { MetadataDamaged } from '../../metadata/metadata-damaged.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import type { Print } from '../process/serving.ts'
import {
  DataDirectoryInUse,
  DataDirectoryRefused,
  lockDataDirectory,
} from '../stores/data-directory.ts'
import { openMetadata } from '../stores/pair-stores.ts'
import {
  beginRestore,
  endRestore,
  requireOwnDirectory,
  type StoreMarker,
} from '../stores/store-marker.ts'
import { chunksDirectory, metadataDirectory } from '../stores/store-paths.ts'
import { syncDirectory } from '../stores/write-durably.ts'
import { type BackupMarker, readBackupMarker } from './backup-marker.ts'
import { copySegments } from './copy-segments.ts'
import { isWithin } from './is-within.ts'
import { lackingChunks } from './lacking-chunks.ts'
import { lookAtBlobs } from './look-at-blobs.ts'
import { openBlobsAlone } from './open-blobs-alone.ts'
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
  for (const path of [dataDirectory, ...partsOf(dataDirectory)]) {
    if (isWithin(path, from) || isWithin(from, path)) {
      throw new StoreRefused(`${from} and ${path} lie in one another: choose another directory.`)
    }
  }
  const marker = await requireOwnDirectory(dataDirectory, [masterKeyFile])
  const releaseBackup = await lockBackup(from)
  try {
    if (releaseBackup === undefined) {
      restore.print(`${from} cannot be locked: nothing may change it until this has ended.`)
    }
    return await restoreInto(restore, { backup, marker })
  } finally {
    releaseBackup?.()
  }
}

/** Each may be a link to elsewhere. */
function partsOf(directory: string): readonly string[] {
  return [metadataDirectory(directory), chunksDirectory(directory)]
}

/** No other may change it meanwhile. Where nothing can be written, nobody does. */
async function lockBackup(from: string): Promise<(() => void) | undefined> {
  try {
    const lock = await lockDataDirectory(from, { pid: process.pid, wait: sleep, as: 'command' })
    return () => lock.release()
  } catch (cause) {
    if (cause instanceof DataDirectoryInUse || !(cause instanceof DataDirectoryRefused)) throw cause
    return undefined
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
  const catalog = await peekWhole(dataDirectory).catch(unlessDamaged)
  const noted = typeof catalog === 'object' ? [catalog.lineage] : []
  const ids = [marker, note, ...noted, ...origins].map((each) => each?.storeId)
  if (ids.every((id) => id === undefined || id === backup.storeId)) return
  throw new StoreRefused(
    `The backup in ${from} is of another store than the one in ${dataDirectory}: restore it into an empty directory.`,
  )
}

async function peekWhole(dataDirectory: string) {
  await requireSoundPages(environmentFile(metadataDirectory(dataDirectory)))
  return peekLineage(metadataDirectory(dataDirectory))
}

/** What is damaged is what a restore is for. */
function unlessDamaged(cause: unknown): undefined {
  const kinds = [StoreRefused, RecordCorrupt, MetadataDamaged]
  if (!kinds.some((kind) => cause instanceof kind)) throw cause
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
  await copySegments(source, target)
  syncDirectory(chunksDirectory(dataDirectory))
  syncDirectory(dataDirectory)
}

async function bringMetadata({ from, dataDirectory, nowMs, print }: Restore): Promise<void> {
  // The directory stays what it is: it may be a link, or a volume of its own.
  const metadata = metadataDirectory(dataDirectory)
  await mkdir(metadata, { recursive: true, mode: 0o700 })
  const file = environmentFile(metadata)
  // Under another name until it is whole.
  const draft = `${file}.new`
  await copyFile(environmentFile(metadataDirectory(from)), draft)
  // A backup may be read-only, and so its copy.
  await chmod(draft, 0o600)
  const handle = await realVfs.open(draft, 'readWrite')
  await handle.datasync().finally(() => handle.close())
  if ((await stat(file).catch(() => undefined)) !== undefined) {
    const aside = `${file}.replaced-${new Date(nowMs).toISOString().replaceAll(':', '')}`
    await rename(file, aside)
    print(`The metadata that were there are kept in ${aside}.`)
  }
  await rename(draft, file)
  syncDirectory(metadata)
  syncDirectory(dataDirectory)
}

/** Answers how many chunks are missing in the end. */
async function bringChunks(restore: Restore, marker: StoreMarker | undefined): Promise<number> {
  const { dataDirectory, keepMs, print } = restore
  const metadata = await openMetadata({ dataDirectory, role: 'primary' })
  try {
    const blobs = await openBlobsAlone(dataDirectory, metadata)
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
  const { chunks } = metadata
  const lacking: BlobRef[] = []
  const onLacking = async (ref: BlobRef) => {
    lacking.push(ref)
  }
  await lackingChunks({ chunks, blobs: readingAll(blobs), onLacking })
  if (lacking.length === 0) return { brought: 0, missing: 0 }
  return lookAtBlobs(from, metadata, async (source) => {
    let brought = 0
    for (const ref of lacking) {
      const sealed = await source.sealed(ref)
      if (sealed === undefined) continue
      const { is } = await blobs.write(sealed)
      if (is === 'full')
        throw new StoreRefused('The disk is full. With more room, run the same command again.')
      brought += 1
    }
    return { brought, missing: lacking.length - brought }
  })
}
