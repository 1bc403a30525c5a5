// Where chunks lie: the engine's own port to its index. The index is derived from the segments and
// may be thrown away; it is shared by all processes of a data directory. Engine: `lmdb-chunk-index.ts`.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { chunkIdBytes, parseChunkId, parseGeneration } from '../../protocol/chunks/chunk-ref.ts'
import type { SegmentId } from './segment-format.ts'

/** Where one chunk's record starts. */
export type Place = {
  readonly segment: SegmentId
  readonly offset: number
  /** Plaintext bytes. */
  readonly length: number
  /** Of two records of one chunk, the later one counts when the index is built anew. */
  readonly writtenSec: number
  /** Wrong bytes were read there, or none: a new copy takes its place. */
  readonly isBad: boolean
}

export type SegmentRow = {
  readonly id: SegmentId
  /** The process that appends to it, or did. */
  readonly owner: string
  /**
   * `active`: its owner appends to it. `sealed`: immutable. `suspect`: immutable, and a sync of it
   * failed, so its chunks are to be moved. `damaged`: bad bytes were found in it; it is kept.
   * `retired`: nothing in it counts, its file is being removed.
   */
  readonly state: 'active' | 'sealed' | 'suspect' | 'damaged' | 'retired'
  /** Counts the openings of the data directory. */
  readonly epoch: number
  /** Records end here; all of them are durable, and those that count are in the index. */
  readonly end: number
  /** Bytes of the records of chunks that the index points to. */
  readonly liveBytes: number
  readonly chunks: number
  /** Bytes of delete records. What is neither live nor a note is dead. */
  readonly noteBytes: number
  /** Bytes of damage that hid which records they belong to. */
  readonly unknownBytes: number
  /** The same, of bytes that were perhaps never acknowledged: nobody is kept in doubt for them. */
  readonly skippedBytes: number
}

export interface IndexReader {
  find(ref: BlobRef): Place | undefined
  segment(id: SegmentId): SegmentRow | undefined
  /** A named small value, for cursors and counters. */
  remembered(name: string): string | undefined
}

export interface IndexTxn extends IndexReader {
  put(ref: BlobRef, place: Place): void
  remove(ref: BlobRef): void
  putSegment(row: SegmentRow): void
  removeSegment(id: SegmentId): void
  remember(name: string, value: string): void
}

/** Reads see every transaction that any process committed before. */
export interface ChunkIndex extends IndexReader {
  segments(): SegmentRow[]
  /** In key order, exclusive of `after`. */
  page(after: BlobRef | undefined, limit: number): { ref: BlobRef; place: Place }[]
  /**
   * Atomic, serialised with the transactions of other processes, synchronous. A throw in `work`
   * undoes it. Not durable against a loss of power until `flush`.
   */
  transact<T>(work: (txn: IndexTxn) => T): T
  /** Makes everything committed so far durable. */
  flush(): Promise<void>
  diskBytes(): Promise<number>
  /** Forgets what processes that were killed were reading, so that its space can be used again. */
  dropDeadReaders(): void
  close(): Promise<void>
}

/** Opens and erases the index of one data directory. */
export interface IndexHome {
  /** Throws when the index cannot be read. */
  open(): Promise<ChunkIndex>
  erase(): Promise<void>
  /** Of every byte of it, while nobody writes: tells whether one of them has changed since. */
  digest(): Promise<string>
}

export const chunkKeyBytes = chunkIdBytes + 6

export function chunkKey(ref: BlobRef): Buffer {
  const key = Buffer.allocUnsafe(chunkKeyBytes)
  ref.id.copy(key, 0)
  key.writeUIntBE(ref.generation, chunkIdBytes, 6)
  return key
}

export function parseChunkKey(key: Buffer): BlobRef {
  return {
    id: parseChunkId(Buffer.from(key.subarray(0, chunkIdBytes))),
    generation: parseGeneration(key.readUIntBE(chunkIdBytes, 6)),
  }
}
