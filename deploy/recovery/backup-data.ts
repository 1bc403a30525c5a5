// `holdfast backup`: a consistent copy of a store, while its server runs or not. First the metadata of one
// moment, with a lease that keeps everything of that moment from being deleted; then the segments, of
// which only new ones are copied a second time; then a look at whether every chunk of that moment is there.
// What an earlier backup holds counts until this one is whole.
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { DataDirectoryRefused, lockDataDirectory } from '../data-directory.ts'
import { explainMismatch } from '../explain-mismatch.ts'
import { makeDirectory } from '../make-directory.ts'
import { compare, lookAround, openBlobs, openMetadata } from '../pair-stores.ts'
import type { Print } from '../serving.ts'
import { readMarker } from '../store-marker.ts'
import { chunksDirectory, metadataDirectory } from '../store-paths.ts'
import { newProcessId } from '../worker-pool.ts'
import { syncDirectory } from '../write-durably.ts'
import { requireBackupDirectory, writeBackupMarker } from './backup-marker.ts'
import { copySegments, removeOthers } from './copy-segments.ts'
import { lackingChunks } from './lacking-chunks.ts'

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
  const earlier = await requireBackupDirectory(to, marker.storeId)
  makeDirectory(to)
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
        await removeOthers(segmentsIn(dataDirectory), segmentsIn(to))
        const since =
          earlier === undefined ? '' : `, ${copied.files} segments of it new since the last`
        print(`Backup of ${takenAt.toISOString()} in ${to}${since}: ${copied.bytes} bytes copied.`)
        print(
          'It does not hold the master key, without which it cannot be read: keep that elsewhere.',
        )
        if (missing > 0)
          print(`${missing} chunks are missing from the store itself: see holdfast check.`)
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
    lock = await lockDataDirectory(dataDirectory, { pid: process.pid, wait: sleep })
  } catch (cause) {
    if (cause instanceof DataDirectoryRefused) return () => undefined
    throw cause
  }
  try {
    const verdict = compare(await lookAround(dataDirectory))
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
  const copied = { files: 0, bytes: 0 }
  for (let round = 1; ; round += 1) {
    await forgetIndex(to)
    const more = await copySegments(segmentsIn(dataDirectory), segmentsIn(to))
    copied.files += more.files
    copied.bytes += more.bytes
    const missing = await missingFrom(to, metadata)
    if (missing === 0 || round === roundsMax) return { missing, copied }
  }
}

/** Of what the copies were before: segments that had not been sealed are longer now. */
async function forgetIndex(to: string): Promise<void> {
  const { trust, index } = segmentPaths(chunksDirectory(to))
  await rm(trust, { force: true })
  await rm(index, { recursive: true, force: true })
}

/** How many chunks of the copied metadata are not among the copied segments, and still referred to. */
async function missingFrom(to: string, living: LmdbMetadataStore): Promise<number> {
  const copy = await LmdbMetadataStore.open({
    path: underWay(to),
    random: randomBytes,
    role: 'worker',
  })
  try {
    const options = {
      dataDirectory: to,
      role: 'primary',
      processId: newProcessId(process.pid),
    } as const
    const blobs = await openBlobs(options, copy, () => undefined)
    try {
      let missing = 0
      const onLacking = async (ref: BlobRef) => {
        // The last of its references was being given back already.
        const [isNeeded] = await living.chunks.areReferenced([ref])
        if (isNeeded === true) missing += 1
      }
      await lackingChunks({ chunks: copy.chunks, blobs, onLacking })
      return missing
    } finally {
      await blobs.close()
    }
  } finally {
    await copy.close()
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
