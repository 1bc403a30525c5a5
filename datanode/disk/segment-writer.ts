// One segment file while this process appends to it: made, written, synced and sealed here. Which
// records go together, and what the index learns, is `segment-log.ts`'s.
import { strict as assert } from 'node:assert'
import { isNoRoom } from '../../protocol/no-room.ts'
import {
  encodeFooter,
  encodeRecordHeader,
  encodeSegmentHeader,
  type RecordHeader,
  recordHeaderBytes,
  type SegmentHeader,
  type SegmentId,
  segmentHeaderBytes,
} from './segment-format.ts'
import type { SegmentPaths } from './segment-paths.ts'
import type { Vfs, VfsFile } from './vfs.ts'

/** Records smaller than this are gathered in one buffer; copying is cheaper than many small pieces. */
const gatherBytesMax = 64 * 1024
/**
 * Writing into blocks that exist needs no journal entry at the sync. Node has no fallocate, so zeros
 * are written ahead, in small steps, and only while batches are many and small.
 */
const zeroAheadBytes = 8 * 1024 * 1024
const smallBatchBytesMax = 512 * 1024
const smallBatchesBefore = 24

/** A record without what its place in the file decides. */
export type NewRecord = { readonly pieces: readonly Uint8Array[]; readonly bytes: number } & (
  | Omit<Extract<RecordHeader, { is: 'chunk' }>, 'offset' | 'syncedTo'>
  | Omit<Extract<RecordHeader, { is: 'delete' }>, 'offset' | 'syncedTo'>
)

/** `segmentBytes`: about how long it will get. */
export type NewSegment = SegmentHeader & { readonly segmentBytes: number }

export class SegmentWriter {
  readonly id: SegmentId
  readonly #file: VfsFile
  readonly #salt: number
  readonly #segmentBytes: number
  readonly #headers: Buffer[] = []
  #end = segmentHeaderBytes
  #syncedTo = segmentHeaderBytes
  #allocated: number
  #smallBatches = 0

  private constructor(file: VfsFile, options: NewSegment, allocated = segmentHeaderBytes) {
    this.id = options.id
    this.#allocated = allocated
    this.#file = file
    this.#salt = options.salt
    this.#segmentBytes = options.segmentBytes
  }

  /** Makes the file; its header and its name are durable when this resolves. */
  static async create(vfs: Vfs, paths: SegmentPaths, options: NewSegment): Promise<SegmentWriter> {
    const file = await vfs.open(paths.file(options.id), 'create')
    try {
      await file.write([encodeSegmentHeader(options)], 0)
      await file.datasync()
      await vfs.syncDirectory(paths.segments)
    } catch (cause) {
      await file.close()
      // It holds no record. Should it stay, the next opening removes it.
      await vfs.unlink(paths.file(options.id)).catch(() => undefined)
      throw cause
    }
    return new SegmentWriter(file, options)
  }

  /**
   * The same out of the reserve: a file whose blocks are there already, so that nothing has to be
   * allocated. It gets its header before its name, for one without is none of ours.
   */
  static async takeReserve(
    vfs: Vfs,
    paths: SegmentPaths,
    options: NewSegment,
  ): Promise<SegmentWriter> {
    const file = await vfs.open(paths.reserve, 'readWrite')
    try {
      const bytes = await file.size()
      await file.write([encodeSegmentHeader(options)], 0)
      await file.datasync()
      await vfs.rename(paths.reserve, paths.file(options.id))
      await vfs.syncDirectory(paths.segments)
      return new SegmentWriter(file, options, bytes)
    } catch (cause) {
      await file.close()
      throw cause
    }
  }

  /** Where the next record will start. */
  get end(): number {
    return this.#end
  }
  get records(): number {
    return this.#headers.length
  }

  /** Appends the records, not yet durable, and answers where each of them starts. */
  async write(records: readonly NewRecord[]): Promise<readonly number[]> {
    const start = this.#end
    const laid = this.#layOut(records)
    this.#end = laid.end
    const bytes = laid.end - start
    this.#smallBatches = bytes <= smallBatchBytesMax ? this.#smallBatches + 1 : 0
    if (this.#smallBatches > smallBatchesBefore && laid.end > this.#allocated) {
      await this.#writeZeros(Math.max(this.#allocated, start))
    }
    await this.#file.write(laid.pieces, start)
    this.#allocated = Math.max(this.#allocated, laid.end)
    return laid.offsets
  }

  async #writeZeros(from: number): Promise<void> {
    const ahead = Math.min(zeroAheadBytes, this.#segmentBytes - from)
    this.#allocated = from + Math.max(0, ahead)
    if (ahead <= 0) return
    try {
      await this.#file.write([Buffer.alloc(ahead)], from)
    } catch (cause) {
      // There may be room for the records all the same.
      if (!isNoRoom(cause)) throw cause
    }
  }

  #layOut(records: readonly NewRecord[]) {
    const gathered = records.reduce((sum, { bytes }) => sum + gatheredBytes(bytes), 0)
    const buffer = Buffer.allocUnsafe(gathered)
    const pieces: Uint8Array[] = []
    const offsets: number[] = []
    let used = 0
    let begun = 0
    let end = this.#end
    for (const record of records) {
      offsets.push(end)
      const head = buffer.subarray(used, used + recordHeaderBytes)
      encodeRecordHeader({ ...record, offset: end, syncedTo: this.#syncedTo }, this.#salt, head)
      this.#headers.push(Buffer.from(head))
      used += recordHeaderBytes
      end += record.bytes
      if (record.bytes < gatherBytesMax) {
        for (const piece of record.pieces) {
          buffer.set(piece, used)
          used += piece.length
        }
      } else {
        pieces.push(buffer.subarray(begun, used), ...record.pieces)
        begun = used
      }
    }
    assert(used === gathered, 'a record is not as long as it said')
    if (begun < used) pieces.push(buffer.subarray(begun, used))
    return { pieces, offsets, end }
  }

  /** Makes everything written before this call durable. */
  async sync(): Promise<void> {
    const covered = this.#end
    await this.#file.datasync()
    this.#syncedTo = Math.max(this.#syncedTo, covered)
  }

  /** Ends the file in good order. Everything written must have been synced. */
  async seal(): Promise<void> {
    assert(this.#syncedTo === this.#end, 'a segment is sealed before its sync')
    try {
      await this.#file.truncate(this.#end)
      await this.#file.write([encodeFooter(this.#headers, this.#end, this.#salt)], this.#end)
      await this.#file.datasync()
    } finally {
      await this.#file.close()
    }
  }

  /** Lets go of a file that failed; what lies past `end` is cut off if that can still be done. */
  async abandon(end: number): Promise<void> {
    try {
      await this.#file.truncate(end)
    } catch {
      // Recovery and readers go by the index, which says where the good records end.
    }
    await this.#file.close()
  }
}

function gatheredBytes(recordBytes: number): number {
  return recordBytes < gatherBytesMax ? recordBytes : recordHeaderBytes
}
