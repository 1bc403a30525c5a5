// The engine of the `BlobStore` and `BlobNode` ports on this machine's disk: a log-structured store that
// several processes open at once. One of them, the primary, opens first (it recovers), closes last, and
// alone calls `reclaim`, `scrub` and `adoptOrphanSegments`. It is not this file that keeps two servers
// off one directory.
import { strict as assert } from 'node:assert'
import { type BlobRef, blockCount, type FrameRange } from '../../protocol/chunks/chunk-ref.ts'
import { isNoRoom } from '../../protocol/no-room.ts'
import type { SegmentOrigin } from '../../protocol/store/lineage.ts'
import type {
  BlobPage,
  BlobUsage,
  ListedBlobs,
  NodeProblem,
  OpenedNode,
  Reclaimed,
  Scrubbed,
} from '../blob-node.ts'
import {
  type BlobCall,
  type BlobDeleted,
  type BlobRead,
  type BlobReadCall,
  type BlobState,
  type IsReferenced,
  refsAtOnceMax,
  type SealedChunk,
  type WantedFrames,
} from '../blob-store.ts'
import type { ChunkIndex, IndexHome, SegmentRow } from './chunk-index.ts'
import { ChunkReader } from './chunk-reader.ts'
import { ChunkWriter, type DiskWritten } from './chunk-writer.ts'
import { FreeSpace } from './free-space.ts'
import { recordTrust } from './index-trust.ts'
import { listBlobs } from './list-blobs.ts'
import { lmdbIndexHome, type OnIndexUnusable } from './lmdb-chunk-index.ts'
import { LostChunkSearch } from './lost-chunk-search.ts'
import { Reclaimer } from './reclaim.ts'
import { recover } from './recover.ts'
import type { RecoveryReport } from './recovery-report.ts'
import { scrub } from './scrub.ts'
import { SegmentFiles } from './segment-files.ts'
import { segmentFileName } from './segment-format.ts'
import { SegmentLog } from './segment-log.ts'
import { type SegmentPaths, segmentPaths } from './segment-paths.ts'
import { SegmentReserve } from './segment-reserve.ts'
import { SegmentUpkeep } from './segment-upkeep.ts'
import type { Vfs } from './vfs.ts'

export type DiskBlobStoreOptions = {
  /** A directory that exists or can be made. All processes name the same. */
  readonly path: string
  readonly role: 'primary' | 'worker'
  /** Unique to this life of this process: two lives with one name would seem one. */
  readonly processId: string
  readonly vfs: Vfs
  readonly nowMs: () => number
  readonly randomBytes: (count: number) => Buffer
  /** A segment that has grown to this is sealed. Below 2 GiB. Default: by the size of the disk. */
  readonly segmentBytes?: number
  /**
   * Space kept free for deletes and compaction: `write` answers `full` before it is touched. As much
   * again is kept in a file, which others cannot take. Default: as long as a segment.
   */
  readonly reserveBytes?: number
  readonly openFilesMax?: number
  /** This process can neither read nor write its index any more: it is to end and be started anew. */
  readonly onUnusable?: OnIndexUnusable
  /** Default: LMDB in `path`. Another one for simulations. */
  readonly indexHome?: IndexHome
  readonly isReferenced: IsReferenced
  /** What new segments note of the store they are of. Absent: nothing. */
  readonly origin?: () => SegmentOrigin | undefined
}

const segmentBytesMax = 256 * 1024 * 1024
/** Small disks get segments that a small reserve can move, but hold chunks of any length. */
const segmentBytesMin = 8 * 1024 * 1024
const segmentsOfDisk = 32
const segmentsOfTinyDisk = 8
const defaultOpenFilesMax = 256

type Parts = {
  readonly options: DiskBlobStoreOptions
  readonly paths: SegmentPaths
  readonly index: ChunkIndex
  readonly segmentBytes: number
  readonly indexHome: IndexHome
  readonly token: string | undefined
  readonly report: RecoveryReport | undefined
}

export class DiskBlobStore implements OpenedNode {
  /** What the primary found when it opened; a worker has none. */
  readonly recovery: RecoveryReport | undefined
  readonly #parts: Parts
  readonly #index: ChunkIndex
  readonly #files: SegmentFiles
  readonly #reader: ChunkReader
  readonly #writer: ChunkWriter
  readonly #search: LostChunkSearch
  readonly #log: SegmentLog
  /** Moved chunks. Only the primary's is ever written to. */
  readonly #movedLog: SegmentLog
  /** Only the primary ever has one. */
  readonly #reserve: SegmentReserve
  readonly #reclaimer: Reclaimer
  readonly #space: FreeSpace
  readonly #upkeep: SegmentUpkeep
  #reclaiming: Promise<unknown> = Promise.resolve()
  #closed = false

  private constructor(parts: Parts) {
    const { options, paths, index, segmentBytes } = parts
    const { vfs, nowMs, isReferenced, origin = () => undefined } = options
    this.recovery = parts.report
    this.#parts = parts
    this.#index = index
    const filesMax = options.openFilesMax ?? defaultOpenFilesMax
    this.#files = new SegmentFiles({ vfs, paths, filesMax })
    const shared = { index, files: this.#files, isReferenced }
    this.#search = new LostChunkSearch({ ...shared, vfs, paths, nowMs })
    this.#reader = new ChunkReader({ ...shared, search: this.#search })
    const log = { ...options, paths, index, segmentBytes, origin }
    this.#log = new SegmentLog(log)
    this.#movedLog = new SegmentLog(log)
    const reserveBytes = options.reserveBytes ?? segmentBytes
    this.#space = new FreeSpace({ vfs, path: paths.segments, reserveBytes, nowMs })
    this.#reserve = new SegmentReserve({ ...log, reserveBytes })
    const writing = { index, nowMs, log: this.#log, reserve: this.#reserve, space: this.#space }
    this.#writer = new ChunkWriter(writing)
    const logs = [this.#log, this.#movedLog, this.#reserve.log]
    this.#upkeep = new SegmentUpkeep({ ...shared, vfs, paths, logs, processId: options.processId })
    this.#reclaimer = new Reclaimer({
      ...{ ...shared, vfs, paths, segmentBytes },
      append: (entry) => this.#reserve.appendBy(this.#movedLog, entry),
      roomBytes: async () => this.#reserve.roomForMoves(await vfs.freeBytes(paths.segments)),
    })
  }

  /**
   * Opens the store of a directory; the primary recovers it first, which takes time in proportion to
   * its chunks after a loss of power or a kill in the middle of writes, and next to none otherwise.
   */
  static async open(options: DiskBlobStoreOptions): Promise<DiskBlobStore> {
    const paths = segmentPaths(options.path)
    await options.vfs.makeDirectory(paths.segments)
    const segmentBytes = options.segmentBytes ?? (await segmentBytesFor(options.vfs, paths))
    assert(segmentBytes > 0 && segmentBytes < 2 ** 31, 'offsets in a segment have 32 bits')
    const indexHome = options.indexHome ?? lmdbIndexHome(paths.index, options.onUnusable)
    const common = { options, paths, segmentBytes, indexHome }
    if (options.role === 'worker') {
      const index = await indexHome.open()
      return new DiskBlobStore({ ...common, index, token: undefined, report: undefined })
    }
    const recovered = await recover({ ...options, paths, indexHome })
    const store = new DiskBlobStore({ ...common, ...recovered })
    // What is wrong with it, `maintain` meets again and tells: it is needed on a full disk only.
    await store.#reserve.keep().catch(() => undefined)
    return store
  }

  async write(chunk: SealedChunk, call?: BlobCall): Promise<DiskWritten> {
    this.#begin(call)
    return this.#writer.write(chunk)
  }

  async hasMany(refs: readonly BlobRef[], call?: BlobCall): Promise<readonly BlobState[]> {
    this.#begin(call)
    assert(refs.length <= refsAtOnceMax, 'too many chunks asked for at once')
    return refs.map((ref) => this.#stateOf(ref))
  }

  #stateOf(ref: BlobRef): Exclude<BlobState, 'unavailable'> {
    const place = this.#index.find(ref)
    if (place === undefined) return 'absent'
    return place.isBad ? 'bad' : 'good'
  }

  async read(ref: BlobRef, range: FrameRange, call?: BlobReadCall): Promise<BlobRead> {
    this.#begin(call)
    return this.#reader.read({ ref, range }, call?.into)
  }

  async readMany(
    wanted: readonly WantedFrames[],
    call?: BlobReadCall,
  ): Promise<readonly BlobRead[]> {
    this.#begin(call)
    return this.#reader.readMany(wanted, call?.into)
  }

  async delete(refs: readonly BlobRef[], call?: BlobCall): Promise<BlobDeleted> {
    this.#begin(call)
    assert(refs.length <= refsAtOnceMax, 'too many chunks deleted at once')
    await this.#writer.delete(refs)
    return { is: 'deleted' }
  }

  /** Like `hasMany`, and looks through all segments before it says `absent` of what metadata refer to. */
  async lookFor(ref: BlobRef): Promise<'good' | 'bad' | 'absent'> {
    this.#begin()
    const known = this.#stateOf(ref)
    if (known === 'good') return known
    return (await this.#search.find(ref)) ? this.#stateOf(ref) : known
  }

  /** The file that it lies in, by the index. */
  segmentOf(ref: BlobRef): string | undefined {
    const place = this.#index.find(ref)
    return place && segmentFileName(place.segment)
  }

  /** A chunk as it is stored, whatever its length, to be stored elsewhere. `undefined`: absent or bad. */
  async sealed(ref: BlobRef): Promise<SealedChunk | undefined> {
    await this.lookFor(ref)
    const place = this.#index.find(ref)
    if (place === undefined) return undefined
    const { length } = place
    const read = await this.read(ref, { first: 0, count: blockCount(length), length })
    return read.is === 'found' ? { ref, length, pieces: [read.frames] } : undefined
  }

  async list(page: ListedBlobs, call?: BlobCall): Promise<BlobPage> {
    this.#begin(call)
    return listBlobs(this.#index, { ...page, nowMs: this.#parts.options.nowMs() })
  }

  async reclaim(budgetBytes: number, call?: BlobCall): Promise<Reclaimed> {
    this.#beginAsPrimary(call)
    const next = this.#reclaiming.then(async () => {
      const done = await this.#reclaimer.run(budgetBytes)
      // At once, before somebody else takes what has come back.
      if (done.freedBytes > 0) await this.#reserve.keep()
      return done
    })
    this.#reclaiming = next.catch(() => undefined)
    return next
  }

  async scrub(budgetBytes: number, call?: BlobCall): Promise<Scrubbed> {
    this.#beginAsPrimary(call)
    const { options, paths } = this.#parts
    const parts = { ...options, paths, index: this.#index, files: this.#files }
    return scrub(parts, budgetBytes)
  }

  async usage(call?: BlobCall): Promise<BlobUsage> {
    this.#begin(call)
    const rows = this.#index.segments()
    const sum = (of: (row: SegmentRow) => number): number =>
      rows.reduce((total, row) => total + of(row), 0)
    return {
      liveBytes: sum(({ liveBytes }) => liveBytes),
      diskBytes: sum(({ end }) => end) + (await this.#index.diskBytes()),
      roomBytes: await this.#space.roomBytes(),
      chunks: sum(({ chunks }) => chunks),
    }
  }

  async isFull(): Promise<boolean> {
    return (await this.#space.roomBytes()) === 0
  }

  async maintain(): Promise<void> {
    this.#begin()
    await this.#upkeep.dropRetired()
    if (this.#parts.options.role === 'primary') await this.#reserve.keep()
    await this.#upkeep.sealWorthy()
  }

  async adoptOrphanSegments(living: ReadonlySet<string>): Promise<readonly NodeProblem[]> {
    this.#beginAsPrimary()
    return this.#upkeep.adopt(living)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#reclaiming
    for (const log of [this.#log, this.#movedLog, this.#reserve.log]) await asFarAsRoom(log.seal())
    await this.#files.close()
    await asFarAsRoom(this.#noteClean())
    await this.#index.close()
  }

  async #noteClean(): Promise<void> {
    const { options, paths, token, indexHome } = this.#parts
    const inUse = this.#index.segments().some(({ state }) => state === 'active')
    // A process that still writes, or died, leaves the index as trustworthy as the boot: not more.
    if (token !== undefined && !inUse) {
      await this.#index.flush()
      const digest = await indexHome.digest()
      await recordTrust(options.vfs, paths, { is: 'clean', token, digest })
    }
  }

  #begin(call?: BlobCall): void {
    assert(!this.#closed, 'the blob store is closed')
    call?.signal?.throwIfAborted()
  }

  #beginAsPrimary(call?: BlobCall): void {
    this.#begin(call)
    assert(this.#parts.options.role === 'primary', 'only the primary does this')
  }
}

/** A segment is moved as a whole before its space returns, so that a small disk has small ones. */
async function segmentBytesFor(vfs: Vfs, paths: SegmentPaths): Promise<number> {
  const total = await vfs.totalBytes(paths.segments)
  const least = Math.min(segmentBytesMin, total / segmentsOfTinyDisk)
  return Math.floor(Math.min(segmentBytesMax, Math.max(least, total / segmentsOfDisk)))
}

/** Closing needs nothing of a disk that is full or read-only: of what cannot be noted there, the next start looks at more. */
async function asFarAsRoom(noting: Promise<void>): Promise<void> {
  await noting.catch((cause: unknown) => {
    if (!isNoRoom(cause)) throw cause
  })
}
