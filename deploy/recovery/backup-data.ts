// `holdfast backup`: a consistent copy of a store, while its server runs or not. First the metadata of one
// moment, with a lease that keeps everything of that moment from being deleted; then the segments, of
// which only new ones are copied a second time; then a look at whether every chunk of that moment is there.
// What an earlier backup holds counts until this one is whole.
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { checkEnvironmentFile } from '../../metadata/lmdb/check-environment-file.ts'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import type { Print } from '../process/serving.ts'
import { DataDirectoryInUse, lockDataDirectory } from '../stores/data-directory.ts'
import { explainMismatch } from '../stores/explain-mismatch.ts'
import { compare, lookAround, lookAroundWhole, openMetadata } from '../stores/pair-stores.ts'
import { readMarker, type StoreMarker } from '../stores/store-marker.ts'
import { chunksDirectory, metadataDirectory } from '../stores/store-paths.ts'
import { syncDirectory } from '../stores/write-durably.ts'
import { requireBackupDirectory, writeBackupMarker } from './backup-marker.ts'
import { bringBackOthers, copySegments, putOthersAside, removeAside } from './copy-segments.ts'
import { forgetIndex } from './forget-index.ts'
import { isWithin } from './is-within.ts'
import { lackingChunks } from './lacking-chunks.ts'
import { openBlobsAlone } from './open-blobs-alone.ts'

const leaseMs = 60 * 60_000
const renewMs = 10 * 60_000
/** Compaction may move a chunk from a segment not yet copied into one that was; then it is looked for again. */
const roundsMax = 5

export type Backup = {
  readonly dataDirectory: string
  /** Empty, or an earlier backup of the same store. */
  readonly to: string
  readonly print: Print
}

/** Answers whether all that metadata refer to is in it. Throws `StoreRefused`. */
export async function backupData({ dataDirectory, to, print }: Backup): Promise<boolean> {
  const marker = await readMarker(dataDirectory)
  if (marker === undefined) {
    throw new StoreRefused(
      `There is no store in ${dataDirectory}, or no server has been started on it yet.`,
    )
  }
  if (isWithin(to, dataDirectory)) {
    throw new StoreRefused(
      `${to} is in the data directory itself: choose an empty directory elsewhere.`,
    )
  }
  await requireBackupDirectory(to, marker.storeId)
  // Two at once would take each other's files away.
  const lock = await lockDataDirectory(to, { pid: process.pid, wait: sleep, as: 'command' })
  try {
    return await backupInto({ dataDirectory, to, print }, marker)
  } finally {
    lock.release()
  }
}

async function backupInto(
  { dataDirectory, to, print }: Backup,
  marker: StoreMarker,
): Promise<boolean> {
  const earlier = await requireBackupDirectory(to, marker.storeId)
  const release = await keepServersOff(dataDirectory)
  try {
    const metadata = await openMetadata({ dataDirectory, role: 'worker' })
    try {
      const lease = await takeLease(metadata)
      try {
        const takenAt = new Date()
        await copyMetadata(metadata, to)
        const { missing, copied } = await copyChunks({ dataDirectory, to, metadata })
        await putInPlace(to)
        writeBackupMarker(to, { storeId: marker.storeId, takenAt })
        await forgetIndex(to)
        // What is missing from the store may be in them.
        if (missing === 0) await removeNeedless({ dataDirectory, to })
        const since =
          earlier === undefined ? '' : `, ${copied.files} segments of it new since the last`
        print(`Backup of ${takenAt.toISOString()} in ${to}${since}: ${copied.bytes} bytes copied.`)
        print(
          'It does not hold the master key, without which it cannot be read: keep that elsewhere.',
        )
        if (missing > 0)
          print(
            `${missing} chunks are missing from the store itself, or damaged: see holdfast check.`,
          )
        return missing === 0
      } finally {
        await lease.end()
      }
    } finally {
      await metadata.close()
    }
  } finally {
    release()
  }
}

/** Beside a running server; otherwise none may start meanwhile, and the stores must belong together. */
async function keepServersOff(dataDirectory: string): Promise<() => void> {
  let lock: Awaited<ReturnType<typeof lockDataDirectory>>
  try {
    lock = await lockDataDirectory(dataDirectory, {
      pid: process.pid,
      wait: sleep,
      as: 'command',
    })
  } catch (cause) {
    // Beside a restore or a recovery there is nothing of one moment to copy.
    if (!(cause instanceof DataDirectoryInUse && cause.byServer)) throw cause
    // Its server has proved the rest.
    const file = environmentFile(metadataDirectory(dataDirectory))
    if ((await checkEnvironmentFile(file)) === 'present') return () => undefined
    throw new StoreRefused(explainMismatch('catalogMissing', dataDirectory))
  }
  try {
    const look = lock.mustReadAll ? lookAroundWhole : lookAround
    const verdict = compare(await look(dataDirectory))
    lock.foundSound()
    if (verdict.is === 'mismatch')
      throw new StoreRefused(explainMismatch(verdict.why, dataDirectory))
    return () => lock.release()
  } catch (cause) {
    lock.release()
    throw cause
  }
}

/** Nothing that is there now is given up while it lives. */
async function takeLease({ leases }: LmdbMetadataStore): Promise<{ end(): Promise<void> }> {
  const leaseId = randomBytes(16).toString('hex')
  await leases.take({
    leaseId,
    purpose: 'backup',
    expiresMs: Date.now() + leaseMs,
    scopes: [{ is: 'everything' }],
  })
  const renewing = setInterval(() => {
    // A backup that misses something in the end says so.
    leases.renew(leaseId, Date.now() + leaseMs).catch(() => undefined)
  }, renewMs)
  return {
    end: async () => {
      clearInterval(renewing)
      await leases.letGo(leaseId)
    },
  }
}

/**
 * Segments that the store has no more. What counted in them was moved, perhaps into one that is newer than
 * the copy: so they go only when nothing is missing without them.
 */
async function removeNeedless({ dataDirectory, to }: Pick<Backup, 'dataDirectory' | 'to'>) {
  const aside = await putOthersAside(segmentsIn(dataDirectory), segmentsIn(to))
  if (aside === 0) return
  const copy = await openMetadata({ dataDirectory: to, role: 'worker' })
  try {
    const blobs = await openBlobsAlone(to, copy)
    const { lacking } = await lackingChunks({ chunks: copy.chunks, blobs }).finally(() =>
      blobs.close(),
    )
    if (lacking === 0) await removeAside(segmentsIn(to))
    else await bringBackOthers(segmentsIn(to))
  } finally {
    await copy.close()
    await forgetIndex(to)
  }
}

function underWay(to: string): string {
  return join(to, 'under-way')
}

function segmentsIn(directory: string): string {
  return join(chunksDirectory(directory), 'segments')
}

async function copyMetadata(metadata: LmdbMetadataStore, to: string): Promise<void> {
  await rm(underWay(to), { recursive: true, force: true })
  await metadata.copyTo(underWay(to))
}

type ChunkCopy = {
  readonly dataDirectory: string
  readonly to: string
  readonly metadata: LmdbMetadataStore
}

async function copyChunks({ dataDirectory, to, metadata }: ChunkCopy) {
  const fresh = new Set<string>()
  let bytes = 0
  await bringBackOthers(segmentsIn(to))
  for (let round = 1; ; round += 1) {
    await forgetIndex(to)
    const more = await copySegments(segmentsIn(dataDirectory), segmentsIn(to))
    for (const name of more.files) fresh.add(name)
    bytes += more.bytes
    const missing = await missingFrom(to, { living: metadata, fresh })
    if (missing === 0 || round === roundsMax)
      return { missing, copied: { files: fresh.size, bytes } }
  }
}

/** How many chunks of the copied metadata are not, or not whole, among the copied segments, and still needed. */
async function missingFrom(
  to: string,
  { living, fresh }: { living: LmdbMetadataStore; fresh: ReadonlySet<string> },
): Promise<number> {
  const copy = await LmdbMetadataStore.open({
    path: underWay(to),
    random: randomBytes,
    role: 'worker',
  })
  try {
    const blobs = await openBlobsAlone(to, copy)
    try {
      let missing = 0
      const onLacking = async (ref: BlobRef) => {
        // The last of its references was being given back already.
        const [isNeeded] = await living.chunks.areReferenced([ref])
        if (isNeeded === true) missing += 1
      }
      await lackingChunks({ chunks: copy.chunks, blobs: readingThose(blobs, fresh), onLacking })
      return missing
    } finally {
      await blobs.close()
    }
  } finally {
    await copy.close()
  }
}

/** What was copied just now is read: a sealed segment is believed to hold what its footer says. */
function readingThose(
  blobs: DiskBlobStore,
  fresh: ReadonlySet<string>,
): Pick<DiskBlobStore, 'lookFor'> {
  return {
    lookFor: async (ref) => {
      if (fresh.has(blobs.segmentOf(ref) ?? '')) await blobs.sealed(ref)
      return blobs.lookFor(ref)
    },
  }
}

/** From here on the backup is of the new moment. */
async function putInPlace(to: string): Promise<void> {
  const metadata = metadataDirectory(to)
  await mkdir(metadata, { recursive: true, mode: 0o700 })
  await rename(join(underWay(to), 'data.mdb'), join(metadata, 'data.mdb'))
  syncDirectory(metadata)
  syncDirectory(to)
  await rm(underWay(to), { recursive: true, force: true })
}
