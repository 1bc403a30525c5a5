// Room on the disk for what must go on when others have taken the last byte: both LMDB environments own
// pages beyond those that they use, out of which deletes are committed, and every page of their lock
// files, since a page that is missing there would end the process that reads. LMDB writes to the pages
// that come next in its file; that they have their place already is all that is done for it here.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { lmdbUsedBytes } from '../../datanode/disk/lmdb-file-check.ts'
import { errorCode, type Vfs } from '../../datanode/disk/vfs.ts'
import type { RepeatingJob } from '../../gateway/background/repeating.ts'
import type { Log } from '../../gateway/log.ts'
import { isNoRoom } from '../../protocol/no-room.ts'

const pauseMs = 1_000
const mib = 1024 * 1024

/** An environment's directory, and what it is to own beyond its use: less on a small disk. */
type Reserve = { readonly path: string; readonly bytesMax: number; readonly shareOfDisk: number }

/** Which environments a data directory may hold. */
export type ReservedFor = 'metadata' | 'index'

const reserveFor: Readonly<Record<ReservedFor, (dataDirectory: string) => Reserve>> = {
  metadata: (dataDirectory) => ({
    path: join(dataDirectory, 'metadata'),
    bytesMax: 64 * mib,
    shareOfDisk: 1 / 32,
  }),
  index: (dataDirectory) => ({
    path: join(dataDirectory, 'chunks', 'index'),
    bytesMax: 8 * mib,
    shareOfDisk: 1 / 128,
  }),
}

export type DiskReserveParts = {
  readonly dataDirectory: string
  /** What of it there is. */
  readonly holds: readonly ReservedFor[]
  readonly vfs: Pick<Vfs, 'allocate' | 'totalBytes'>
  /** Whether writes are refused for want of room. */
  readonly isFull: () => Promise<boolean>
  readonly log: Pick<Log, 'warn'>
}

/**
 * To be run once before anybody is served, then again and again. For one process of a server: it tells
 * of a full disk, and of its end, once for all that meet it.
 */
export function diskReserve(parts: DiskReserveParts): RepeatingJob {
  const { dataDirectory, holds, vfs, log } = parts
  const reserves = holds.map((what) => reserveFor[what](dataDirectory))
  let isPossible = true
  let wasFull = false
  const tell = async () => {
    const isFull = await parts.isFull()
    if (isFull !== wasFull)
      log.warn(isFull ? 'disk full, writes are refused' : 'disk has room again')
    wasFull = isFull
  }
  const keep = async () => {
    try {
      for (const reserve of reserves) await keepReserve(vfs, reserve)
    } catch (cause) {
      if (errorCode(cause) !== 'ENOTSUP') throw cause
      isPossible = false
      log.warn('no space can be reserved: on a full disk deletes may fail', { cause })
    }
  }
  return {
    name: 'disk reserve',
    pauseMs,
    run: async () => {
      await tell()
      if (isPossible) await keep()
      return 'idle'
    },
  }
}

async function keepReserve(vfs: DiskReserveParts['vfs'], reserve: Reserve): Promise<void> {
  const { path, bytesMax, shareOfDisk } = reserve
  const lockFile = join(path, 'lock.mdb')
  const dataFile = join(path, 'data.mdb')
  const lock = await stat(lockFile)
  // Blocks of 512 bytes. Some file systems make more of it, none makes less.
  if (lock.blocks * 512 < lock.size) await unlessFull(vfs.allocate(lockFile, lock.size))
  const reserveBytes = Math.min(bytesMax, (await vfs.totalBytes(path)) * shareOfDisk)
  const used = await lmdbUsedBytes(dataFile)
  const { size } = await stat(dataFile)
  // In steps of half of it, so that growing does not mean allocating all the time.
  if (size - used >= reserveBytes / 2) return
  await unlessFull(vfs.allocate(dataFile, Math.floor(used + reserveBytes)))
}

/** What there was room for is kept; the rest when there is room again. */
async function unlessFull(allocated: Promise<void>): Promise<void> {
  try {
    await allocated
  } catch (cause) {
    if (!isNoRoom(cause)) throw cause
  }
}
