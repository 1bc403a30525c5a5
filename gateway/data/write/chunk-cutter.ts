// Gathers a body into chunks. Up to 64 KiB are gathered in memory of the upload's own, so that a
// stalled upload holds nothing of the budget; more goes to a buffer of the budget, which it may ask
// back: then what is there is cut as a chunk, early. What is done with chunks: `upload-intake.ts`.
import assert from 'node:assert'
import { chunkBytesMax } from '../../../protocol/chunks/chunk-ref.ts'
import type { IngestBudget, LentBuffer } from './ingest-budget.ts'

/** What an upload may always hold, and the shortest chunk that is cut early. Bytes. */
export const privateBytesMax = 64 * 1024
/** Bytes gathered are handed to `onGathered` in runs of about this length. */
export const segmentBytes = 512 * 1024

export type CutChunk = {
  readonly bytes: Buffer
  /** Gives the memory back. */
  readonly release: () => void
}

export type CutterDeps = {
  readonly budget: IngestBudget
  /** The length announced, if any. Bytes. */
  readonly sizeHint: number | undefined
  /** Each byte once, in order, before its chunk is cut; stays as it is until the chunk's `release`. */
  readonly onGathered: (segment: Buffer) => void
  /** More bytes follow this chunk, or may do. */
  readonly onCut: (chunk: CutChunk) => void
  /** Asked before a full buffer is cut; waits while too many chunks are under way. */
  readonly turn: () => Promise<void>
}

export class ChunkCutter {
  private readonly deps: CutterDeps
  private own: OwnMemory
  private lent: LentBuffer | undefined
  private filled = 0
  private handedOut = 0

  constructor(deps: CutterDeps) {
    this.deps = deps
    this.own = new OwnMemory(deps.sizeHint)
  }

  /** Takes the next bytes. Waits, when it answers a promise, for memory or for chunks under way. */
  push(piece: Buffer): Promise<void> | undefined {
    if (this.lent !== undefined && piece.length <= chunkBytesMax - this.filled) {
      this.fill(this.lent, piece)
      return undefined
    }
    if (this.lent === undefined && this.own.length + piece.length <= privateBytesMax) {
      this.own.append(piece)
      return undefined
    }
    return this.pushSlowly(piece)
  }

  /** The bytes left when the body has ended; none only when no chunk was cut either, or early. */
  end(): CutChunk | undefined {
    return this.takeChunk()
  }

  /** Gives back what was gathered and not cut. */
  abandon(): void {
    this.own.take()
    this.lent?.release()
    this.lent = undefined
  }

  private async pushSlowly(piece: Buffer): Promise<void> {
    let rest = piece
    while (rest.length > 0) {
      if (this.lent !== undefined && this.filled === chunkBytesMax) {
        this.lent.closing()
        await this.deps.turn()
        this.cut()
      } else if (this.lent !== undefined) {
        const part = rest.subarray(0, chunkBytesMax - this.filled)
        this.fill(this.lent, part)
        rest = rest.subarray(part.length)
      } else if (this.own.length + rest.length <= privateBytesMax) {
        this.own.append(rest)
        return
      } else {
        await this.moveToBudget()
      }
    }
  }

  private async moveToBudget(): Promise<void> {
    const lent = await this.deps.budget.take(() => this.cut())
    const gathered = this.own.take()
    this.lent = lent
    if (gathered.length > 0) gathered.copy(lent.bytes)
    this.filled = gathered.length
  }

  private fill(lent: LentBuffer, bytes: Buffer): void {
    // Shared memory: `copy` and `set` would go word by word, four times as long.
    lent.bytes.fill(bytes, this.filled, this.filled + bytes.length)
    this.filled += bytes.length
    lent.touch()
    if (this.filled - this.handedOut >= segmentBytes) this.handOut(lent.bytes)
  }

  private handOut(bytes: Buffer): void {
    const segment = bytes.subarray(this.handedOut, this.filled)
    this.handedOut = this.filled
    if (segment.length > 0) this.deps.onGathered(segment)
  }

  private cut(): void {
    const chunk = this.takeChunk()
    assert(chunk !== undefined, 'a chunk of no bytes')
    this.deps.onCut(chunk)
  }

  private takeChunk(): CutChunk | undefined {
    const lent = this.lent
    if (lent === undefined) {
      const bytes = this.own.take()
      if (bytes.length === 0) return undefined
      this.deps.onGathered(bytes)
      return { bytes, release: () => {} }
    }
    this.handOut(lent.bytes)
    const bytes = lent.bytes.subarray(0, this.filled)
    this.lent = undefined
    this.filled = 0
    this.handedOut = 0
    lent.closing()
    return { bytes, release: () => lent.release() }
  }
}

/**
 * Up to 64 KiB of an upload's own. A body that comes in one piece is not copied; further pieces are,
 * because a thousand pieces of one byte would otherwise hold a thousand buffers.
 */
class OwnMemory {
  private readonly sizeHint: number | undefined
  private bytes: Buffer | undefined
  private isCopy = false
  length = 0

  constructor(sizeHint: number | undefined) {
    this.sizeHint = sizeHint
  }

  append(piece: Buffer): void {
    if (this.bytes === undefined) {
      this.bytes = piece
      this.isCopy = false
    } else {
      this.room(this.length + piece.length).set(piece, this.length)
    }
    this.length += piece.length
  }

  take(): Buffer {
    const taken = this.bytes?.subarray(0, this.length) ?? Buffer.alloc(0)
    this.bytes = undefined
    this.length = 0
    return taken
  }

  private room(needed: number): Buffer {
    const held = this.bytes
    if (held !== undefined && this.isCopy && held.length >= needed) return held
    const doubled = Math.max(4096, needed, 2 * this.length)
    const hinted = this.sizeHint !== undefined && this.sizeHint >= needed ? this.sizeHint : doubled
    const grown = Buffer.allocUnsafeSlow(Math.min(privateBytesMax, hinted))
    if (held !== undefined) held.copy(grown, 0, 0, this.length)
    this.bytes = grown
    this.isCopy = true
    return grown
  }
}
