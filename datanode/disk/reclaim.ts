// Gives space back: removes segments in which nothing counts, and moves what counts out of sparse
// ones. A moved chunk is durable in its new place before the index points there, and the old file
// goes last. For one process of a data directory, the primary.
import type { IsReferenced } from '../blob-store.ts'
import { allEnded } from './all-ended.ts'
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import { readWholeRecord } from './read-record.ts'
import { chooseSegments, isDead } from './reclaim-policy.ts'
import { removeSegmentFile } from './recover.ts'
import { reinstate } from './reinstate.ts'
import { scanSegment } from './scan-segment.ts'
import type { SegmentFiles } from './segment-files.ts'
import {
  type ChunkRecord,
  type DeleteRecord,
  recordBytes,
  type SegmentId,
  segmentHeaderBytes,
} from './segment-format.ts'
import { findSegmentHeader } from './segment-header.ts'
import type { SegmentLog } from './segment-log.ts'
import type { SegmentPaths } from './segment-paths.ts'
import { DamagedSegment, isLive, recordsOf } from './segment-records.ts'
import { errorCode, type Vfs, type VfsFile } from './vfs.ts'

const groupBytesMax = 8 * 1024 * 1024

export type ReclaimOptions = {
  readonly vfs: Vfs
  readonly paths: SegmentPaths
  readonly index: ChunkIndex
  readonly files: SegmentFiles
  /** Where moved chunks go: not the log of new chunks, so that old ones gather. */
  readonly append: SegmentLog['append']
  /** Bytes that can be moved before the disk is full. */
  readonly roomBytes: () => Promise<number>
  readonly segmentBytes: number
  readonly isReferenced: IsReferenced
}
type Compacted = { readonly movedBytes: number; readonly complete: boolean }

export class Reclaimer {
  readonly #options: ReclaimOptions
  /** Which segments the delete records of a sealed segment speak of. Immutable, so kept. */
  readonly #targets = new Map<SegmentId, ReadonlySet<SegmentId> | 'unknown'>()

  constructor(options: ReclaimOptions) {
    this.#options = options
  }

  async run(budgetBytes: number): Promise<{ is: 'worked' | 'idle'; freedBytes: number }> {
    const { index, segmentBytes } = this.#options
    let freedBytes = 0
    let worked = false
    let budget = budgetBytes
    for (const row of index.segments()) {
      if (row.state !== 'retired' && !isDead(row, await this.#notesNeeded(row))) continue
      // Nothing has been moved out of it just now: what it holds may be the only good copy.
      freedBytes += await this.#retire(row, 'frames')
      worked = true
    }
    const rows = index.segments()
    const needed = new Map<SegmentId, boolean>()
    for (const row of rows) needed.set(row.id, await this.#notesNeeded(row))
    const roomBytes = await this.#options.roomBytes()
    for (const row of chooseSegments(rows, { needed, segmentBytes })) {
      if (budget <= 0) break
      // Its space returns when all of it has moved: half-way, a full disk would only be fuller.
      if (row.liveBytes > roomBytes) continue
      const { movedBytes, complete } = await this.#compact(row, budget)
      budget -= movedBytes
      worked = true
      freedBytes -= movedBytes
      if (complete) freedBytes += await this.#retire(row, 'name')
    }
    return { is: worked ? 'worked' : 'idle', freedBytes: Math.max(0, freedBytes) }
  }

  /** Whether a delete record in this segment speaks of a chunk whose bytes may still be on disk. */
  async #notesNeeded(row: SegmentRow): Promise<boolean> {
    if (row.noteBytes === 0) return false
    if (row.state === 'active' || row.state === 'retired') return true
    const targets = this.#targets.get(row.id) ?? (await this.#readTargets(row))
    if (targets === 'unknown') return true
    for (const target of targets) if (this.#noteNeeded(row, target)) return true
    return false
  }

  #noteNeeded(row: SegmentRow, target: SegmentId): boolean {
    return target !== row.id && this.#options.index.segment(target) !== undefined
  }

  async #readTargets(row: SegmentRow): Promise<ReadonlySet<SegmentId> | 'unknown'> {
    const targets = new Set<SegmentId>()
    try {
      const scan = await this.#options.files.use(row.id, (file) => recordsOf(file, row))
      for (const record of scan.records) if (record.is === 'delete') targets.add(record.target)
    } catch (cause) {
      if (cause instanceof DamagedSegment) return this.#keepUnread(row)
      // A lost file has no delete records to keep.
      if (errorCode(cause) !== 'ENOENT') throw cause
    }
    this.#targets.set(row.id, targets)
    return targets
  }

  /** What cannot be read is kept, and holds up no others. */
  #keepUnread(row: SegmentRow): 'unknown' {
    this.#targets.set(row.id, 'unknown')
    if (row.state !== 'damaged') this.#amend(row, { state: 'damaged' })
    return 'unknown'
  }

  /** Answers the bytes given back: none if a chunk of it turned out to count. */
  async #retire(row: SegmentRow, elsewhere: 'name' | 'frames'): Promise<number> {
    const { index, files } = this.#options
    if (!(await this.#holdsNothing(row, elsewhere))) return 0
    const retired = index.transact((txn) =>
      withLedger(txn, (ledger) => {
        const now = ledger.segment(row.id)
        if (now === undefined || now.chunks > 0) return false
        ledger.amend(row.id, { state: 'retired' })
        return true
      }),
    )
    if (!retired) return 0
    await files.drop(row.id)
    await removeSegmentFile(this.#options, index, row.id)
    this.#targets.delete(row.id)
    return row.end
  }

  /**
   * By the segment itself and by metadata: the index, which says that nothing counts in it, is derived.
   * What does count is entered in the index again.
   */
  async #holdsNothing(row: SegmentRow, elsewhere: 'name' | 'frames'): Promise<boolean> {
    const { files, index } = this.#options
    try {
      return await files.use(row.id, async (file) => {
        const bytes = await file.size()
        // Cut off in its making: there never was a record.
        if (bytes <= segmentHeaderBytes) return true
        const found = await findSegmentHeader(file, row.id)
        if (found === undefined) return this.#keepDamaged(row, bytes)
        const { header } = found
        const scan = await scanSegment(file, { header, syncedTo: row.end, checkFrames: false })
        if (scan.unknownBytes > row.skippedBytes) return this.#keepDamaged(row, scan.unknownBytes)
        const chunks = scan.records.filter((record) => record.is === 'chunk')
        if (chunks.some((record) => isLive(index, row, record)))
          return this.#keepCounted(row, chunks)
        const kept = { file, records: chunks, elsewhere }
        return (await reinstate(this.#options, row, kept)) === 0
      })
    } catch (cause) {
      // A lost file has nothing to keep.
      if (errorCode(cause) !== 'ENOENT') throw cause
      return true
    }
  }

  #keepDamaged(row: SegmentRow, unknownBytes: number): false {
    this.#amend(row, { state: 'damaged', unknownBytes })
    return false
  }

  /** The index points into it, and had counted wrongly. */
  #keepCounted(row: SegmentRow, records: readonly ChunkRecord[]): false {
    const { index } = this.#options
    index.transact((txn) =>
      withLedger(txn, (ledger) => {
        const live = records.filter((record) => isLive(ledger, row, record))
        const liveBytes = live.reduce((sum, record) => sum + recordBytes(record), 0)
        const state = row.state === 'retired' ? 'sealed' : row.state
        ledger.amend(row.id, { state, chunks: live.length, liveBytes })
      }),
    )
    return false
  }

  /** Moves what counts out of a segment, as far as the budget goes. */
  async #compact(row: SegmentRow, budget: number): Promise<Compacted> {
    try {
      return await this.#moveLiving(row, budget)
    } catch (cause) {
      if (!(cause instanceof DamagedSegment)) throw cause
      this.#keepUnread(row)
      return { movedBytes: 0, complete: false }
    }
  }

  #moveLiving(row: SegmentRow, budget: number): Promise<Compacted> {
    return this.#options.files.use(row.id, async (file) => {
      const scan = await recordsOf(file, row)
      if (scan.unknownBytes > row.skippedBytes) {
        this.#amend(row, { state: 'damaged', unknownBytes: scan.unknownBytes })
        return { movedBytes: 0, complete: false }
      }
      const chunks = scan.records.filter((record) => record.is === 'chunk')
      let movedBytes = 0
      let corrupt = false
      for (const group of groups(
        chunks.filter((record) => isLive(this.#options.index, row, record)),
      )) {
        if (movedBytes >= budget) return { movedBytes, complete: false }
        const moved = await this.#moveGroup(file, row, group)
        corrupt ||= moved.includes('corrupt')
        movedBytes += group.reduce((sum, record) => sum + recordBytes(record), 0)
      }
      if (corrupt) this.#amend(row, { state: 'damaged' })
      const notes = scan.records.filter((record) => record.is === 'delete')
      await this.#carryNotes(row, notes)
      return { movedBytes, complete: !corrupt }
    })
  }

  /** Ends only when every move has: one still under way would meet the next run's. */
  #moveGroup(file: VfsFile, row: SegmentRow, group: readonly ChunkRecord[]) {
    return allEnded(group.map((record) => this.#move(file, row, record)))
  }

  async #move(file: VfsFile, row: SegmentRow, record: ChunkRecord): Promise<'moved' | 'corrupt'> {
    const { append } = this.#options
    const { ref, length, writtenSec, framesDigest } = record
    const frames = await readWholeRecord(file, record)
    if (frames === undefined) return 'corrupt'
    const from = { segment: row.id, offset: record.offset, length, writtenSec, isBad: false }
    let deadIn: SegmentId | undefined
    await append({
      record: {
        is: 'chunk',
        ref,
        length,
        writtenSec,
        framesDigest,
        pieces: [frames],
        bytes: recordBytes(record),
      },
      settle: (ledger, at) => {
        const moved = ledger.move(ref, from, { ...at, length, writtenSec, isBad: false })
        if (!moved && ledger.find(ref) === undefined) deadIn = at.segment
      },
    })
    // Deleted meanwhile: the delete record speaks of the old segment, and this copy needs one too.
    if (deadIn !== undefined) await this.#note({ ref, writtenSec, target: deadIn })
    return 'moved'
  }

  async #carryNotes(row: SegmentRow, notes: readonly DeleteRecord[]): Promise<void> {
    const needed = notes.filter(({ target }) => this.#noteNeeded(row, target))
    await Promise.all(needed.map((note) => this.#note(note)))
  }

  #note({ ref, writtenSec, target }: Pick<DeleteRecord, 'ref' | 'writtenSec' | 'target'>) {
    const bytes = recordBytes({ is: 'delete' })
    return this.#options.append({
      record: { is: 'delete', ref, writtenSec, target, pieces: [], bytes },
      settle: () => undefined,
    })
  }

  #amend(row: SegmentRow, change: Partial<SegmentRow>): void {
    this.#options.index.transact((txn) => withLedger(txn, (ledger) => ledger.amend(row.id, change)))
  }
}

function* groups(records: readonly ChunkRecord[]): Generator<readonly ChunkRecord[]> {
  let group: ChunkRecord[] = []
  let bytes = 0
  for (const record of records) {
    if (group.length > 0 && bytes + recordBytes(record) > groupBytesMax) {
      yield group
      group = []
      bytes = 0
    }
    group.push(record)
    bytes += recordBytes(record)
  }
  if (group.length > 0) yield group
}
