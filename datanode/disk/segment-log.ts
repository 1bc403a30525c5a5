// Group commit: gathers what callers append, writes it as one batch, syncs once, tells the index in
// one transaction, then answers all. While a batch is being synced the next one is collected, and
// written already when it is large. The file itself is `segment-writer.ts`'s.
import { isNoRoom } from '../../protocol/no-room.ts'
import type { SegmentOrigin } from '../../protocol/store/lineage.ts'
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { type Ledger, withLedger } from './chunk-ledger.ts'
import { parseSegmentId, type SegmentId, segmentHeaderBytes } from './segment-format.ts'
import type { SegmentPaths } from './segment-paths.ts'
import { type NewRecord, SegmentWriter } from './segment-writer.ts'
import type { Vfs } from './vfs.ts'

const batchBytesMax = 16 * 1024 * 1024
const batchRecordsMax = 1024
/** So much waiting is written while the sync before is still under way. */
const writeEarlyBytes = 1024 * 1024
/** Bounds a segment's footer, and the memory that collects it. */
const segmentRecordsMax = 128 * 1024

export type RecordPlace = { readonly segment: SegmentId; readonly offset: number }

export type LogEntry = {
  readonly record: NewRecord
  /** Called inside the index transaction, once the record is durable. */
  readonly settle: (ledger: Ledger, at: RecordPlace) => void
}

export type LogOptions = {
  readonly vfs: Vfs
  readonly paths: SegmentPaths
  readonly index: ChunkIndex
  readonly randomBytes: (count: number) => Buffer
  readonly nowMs: () => number
  /** Unique to this life of this process. */
  readonly processId: string
  /** A segment that has grown to this is sealed. */
  readonly segmentBytes: number
  /** What new segments note of the store they are of. */
  readonly origin: () => SegmentOrigin | undefined
  /** Makes a segment's file. Default: `SegmentWriter.create`. */
  readonly makeFile?: typeof SegmentWriter.create
}

type Waiting = LogEntry & { readonly done: () => void; readonly fail: (cause: unknown) => void }
type Batch = {
  readonly entries: readonly Waiting[]
  readonly offsets: readonly number[]
  end: number
}

export class SegmentLog {
  readonly #options: LogOptions
  #queue: Waiting[] = []
  #queuedBytes = 0
  #writer: SegmentWriter | undefined
  /** Ends the good records of the open segment: all of it is durable. */
  #durableEnd = segmentHeaderBytes
  /** Written, not synced. */
  #written: Batch[] = []
  /** Synced, not in the index. */
  #durable: Batch[] = []
  #syncing: Promise<void> | undefined
  #syncFailed: { readonly cause: unknown } | undefined
  #running: Promise<void> | undefined
  #sealAsked = false
  /** Segments that have ended, and whose rows could not be told. */
  readonly #untold = new Map<SegmentId, SegmentRow['state']>()
  #appendsSeen = 0
  #wake: () => void = () => undefined

  constructor(options: LogOptions) {
    this.#options = options
  }

  /** Durable and in the index when it resolves. A throw leaves nothing in the index. */
  append(entry: LogEntry): Promise<void> {
    return new Promise((done, fail) => {
      this.#queue.push({ ...entry, done, fail })
      this.#queuedBytes += entry.record.bytes
      this.#appendsSeen += 1
      this.#start()
      if (this.#queuedBytes >= writeEarlyBytes) this.#wake()
    })
  }

  /** The segment that is appended to now. */
  get active(): SegmentId | undefined {
    return this.#writer?.id
  }
  /** Where its next record will start; 0 without one. */
  get activeEnd(): number {
    return this.#writer?.end ?? 0
  }
  /** Grows with every append: two equal values mean that nothing happened in between. */
  get appendsSeen(): number {
    return this.#appendsSeen
  }

  /** Waits for what is under way and seals the open segment, if any. */
  async seal(): Promise<void> {
    this.#sealAsked = true
    while (this.#sealAsked) {
      this.#start()
      await this.#running
    }
    this.endRows()
  }

  /** Tells the index of segments that ended while it failed. Throws when it still does. */
  endRows(): void {
    for (const [id, state] of this.#untold) {
      this.#options.index.transact((txn) =>
        withLedger(txn, (ledger) => ledger.amend(id, { state })),
      )
      this.#untold.delete(id)
    }
  }

  #start(): void {
    this.#running ??= this.#run()
      .catch((cause) => this.#failAll(cause))
      .finally(() => {
        this.#running = undefined
        // Appended after the loop looked for the last time.
        if (this.#queue.length > 0) this.#start()
      })
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#syncFailed !== undefined) {
        await this.#fence('suspect', this.#syncFailed.cause)
      } else if (this.#queue.length > 0 && this.#mayWrite()) {
        // Callers that were answered just now append again within this turn.
        await new Promise((resolve) => setImmediate(resolve))
        const writing = this.#writeBatch()
        if (this.#queuedBytes >= writeEarlyBytes) this.#settleDurable()
        await writing
      } else if (this.#written.length > 0 && this.#syncing === undefined) {
        this.#startSync()
        // The index learns of the batch before while the disk is busy with this one.
        this.#settleDurable()
      } else if (this.#durable.length > 0) {
        this.#settleDurable()
      } else if (this.#syncing !== undefined) {
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        await Promise.race([this.#syncing, woken])
      } else if (this.#sealAsked) {
        this.#sealAsked = false
        await this.#sealSegment()
      } else {
        return
      }
    }
  }

  #mayWrite(): boolean {
    if (this.#writerFull() && (this.#syncing !== undefined || this.#written.length > 0))
      return false
    return (
      (this.#syncing === undefined && this.#written.length === 0) ||
      this.#queuedBytes >= writeEarlyBytes
    )
  }

  #writerFull(): boolean {
    const writer = this.#writer
    if (writer === undefined) return false
    return writer.end >= this.#options.segmentBytes || writer.records >= segmentRecordsMax
  }

  #takeBatch(): Waiting[] {
    // So that a segment gets not much longer than it should, on small disks too.
    const bytesMax = Math.min(batchBytesMax, this.#options.segmentBytes)
    let count = 0
    let bytes = 0
    for (const { record } of this.#queue) {
      if (count === batchRecordsMax || (count > 0 && bytes + record.bytes > bytesMax)) break
      count += 1
      bytes += record.bytes
    }
    const batch = this.#queue.slice(0, count)
    this.#queue = this.#queue.slice(count)
    this.#queuedBytes -= bytes
    return batch
  }

  async #writeBatch(): Promise<void> {
    const entries = this.#takeBatch()
    try {
      if (this.#writerFull()) await this.#sealSegment()
      this.#writer ??= await this.#openSegment()
      const offsets = await this.#writer.write(entries.map(({ record }) => record))
      this.#written.push({ entries, offsets, end: this.#writer.end })
    } catch (cause) {
      // The sync before may still do well; what it covers lies below the bad bytes.
      try {
        await this.#syncing
        await this.#fence(this.#syncFailed === undefined ? 'sealed' : 'suspect', cause)
      } finally {
        for (const entry of entries) entry.fail(cause)
      }
    }
  }

  #startSync(): void {
    const writer = this.#writer
    const batches = this.#written
    if (writer === undefined) return
    this.#written = []
    this.#syncing = writer.sync().then(
      () => {
        this.#syncing = undefined
        this.#durable.push(...batches)
        this.#durableEnd = batches.at(-1)?.end ?? this.#durableEnd
      },
      (cause) => {
        this.#syncing = undefined
        this.#written.unshift(...batches)
        // A write may be under way in the same file; the loop fences it when that has ended.
        this.#syncFailed = { cause }
      },
    )
  }

  #settleDurable(): void {
    const batches = this.#durable
    const segment = this.#writer?.id
    if (batches.length === 0 || segment === undefined) return
    this.#durable = []
    const entries = batches.flatMap((batch) => batch.entries)
    const offsets = batches.flatMap((batch) => batch.offsets)
    try {
      this.#options.index.transact((txn) =>
        withLedger(txn, (ledger) => {
          const row = ledger.segment(segment)
          const notes = entries.filter(({ record }) => record.is === 'delete')
          const noteBytes = notes.reduce((sum, { record }) => sum + record.bytes, 0)
          ledger.amend(segment, {
            end: batches.at(-1)?.end ?? 0,
            noteBytes: (row?.noteBytes ?? 0) + noteBytes,
          })
          for (const [i, entry] of entries.entries()) {
            entry.settle(ledger, { segment, offset: offsets[i] ?? 0 })
          }
        }),
      )
    } catch (cause) {
      for (const entry of entries) entry.fail(cause)
      return
    }
    for (const entry of entries) entry.done()
  }

  async #openSegment(): Promise<SegmentWriter> {
    const { vfs, paths, index, randomBytes, nowMs, processId, segmentBytes } = this.#options
    const origin = this.#options.origin()
    const { makeFile = SegmentWriter.create } = this.#options
    const id = parseSegmentId(randomBytes(6).readUIntLE(0, 6))
    const row: SegmentRow = {
      id,
      owner: processId,
      state: 'active',
      epoch: Number(index.remembered('epoch') ?? '0'),
      end: segmentHeaderBytes,
      liveBytes: 0,
      chunks: 0,
      noteBytes: 0,
      unknownBytes: 0,
      skippedBytes: 0,
    }
    // The row comes first: a file without a row is one that was retired.
    index.transact((txn) => txn.putSegment(row))
    this.#durableEnd = segmentHeaderBytes
    try {
      const salt = randomBytes(4).readUInt32LE(0)
      return await makeFile(vfs, paths, {
        id,
        salt,
        createdMs: nowMs(),
        segmentBytes,
        ...(origin === undefined ? {} : { origin }),
      })
    } catch (cause) {
      index.transact((txn) => txn.removeSegment(id))
      throw cause
    }
  }

  async #sealSegment(): Promise<void> {
    const writer = this.#writer
    if (writer === undefined) return
    this.#settleDurable()
    this.#writer = undefined
    // Without its footer the segment is as good: its records were synced before.
    let state: SegmentRow['state'] = 'sealed'
    try {
      await writer.seal()
    } catch (cause) {
      if (!isNoRoom(cause)) state = 'suspect'
    }
    this.#endRow(writer.id, state)
  }

  /** A failed file is never written or synced again: the next record opens another one. */
  async #fence(state: 'sealed' | 'suspect', cause: unknown): Promise<void> {
    this.#settleDurable()
    const lost = this.#written
    this.#written = []
    this.#syncFailed = undefined
    const writer = this.#writer
    this.#writer = undefined
    try {
      if (writer === undefined) return
      await writer.abandon(this.#durableEnd)
      this.#endRow(writer.id, state)
    } finally {
      // Whatever else fails here: nobody waits for ever.
      for (const batch of lost) for (const entry of batch.entries) entry.fail(cause)
    }
  }

  /** The index failed in a way that leaves nothing to go on with. */
  #failAll(cause: unknown): void {
    const batches = [...this.#durable, ...this.#written]
    const entries = [...batches.flatMap((batch) => batch.entries), ...this.#queue]
    this.#durable = []
    this.#written = []
    this.#queue = []
    this.#queuedBytes = 0
    this.#sealAsked = false
    for (const entry of entries) entry.fail(cause)
  }

  /** An index that fails here is told again later: until then the segment is not reclaimed. */
  #endRow(id: SegmentId, state: SegmentRow['state']): void {
    this.#untold.set(id, state)
    this.endRows()
  }
}
