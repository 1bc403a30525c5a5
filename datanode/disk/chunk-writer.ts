// Adds chunks to the store and takes them away: both append a record to the log of this process, and are
// in the index once it is durable.
import { strict as assert } from 'node:assert'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { digestPieces } from '../../protocol/chunks/frame-crc.ts'
import { isNoRoom } from '../../protocol/no-room.ts'
import type { BlobWritten, SealedChunk } from '../blob-store.ts'
import type { ChunkIndex } from './chunk-index.ts'
import type { FreeSpace } from './free-space.ts'
import { recordBytes } from './segment-format.ts'
import type { SegmentLog } from './segment-log.ts'
import type { SegmentReserve } from './segment-reserve.ts'

/** A disk is always reached. */
export type DiskWritten = Exclude<BlobWritten, { readonly is: 'unavailable' }>

type WriterDeps = {
  readonly index: ChunkIndex
  readonly log: SegmentLog
  readonly reserve: SegmentReserve
  readonly space: FreeSpace
  readonly nowMs: () => number
}

export class ChunkWriter {
  private readonly deps: WriterDeps

  constructor(deps: WriterDeps) {
    this.deps = deps
  }

  /** As `BlobStore.write`. */
  async write({ ref, length, pieces }: SealedChunk): Promise<DiskWritten> {
    const { index, log, space } = this.deps
    const before = index.find(ref)
    if (before !== undefined && !before.isBad) return { is: 'stored' }
    const framesDigest = digestPieces(pieces, length)
    assert(framesDigest !== undefined, 'a chunk was sealed wrongly, or changed in memory')
    const bytes = recordBytes({ is: 'chunk', length })
    if (!(await space.take(bytes))) return { is: 'full' }
    // Later than the bad copy, so that a rebuilt index takes this one.
    const writtenSec = Math.max(this.nowSec(), (before?.writtenSec ?? 0) + 1)
    try {
      await log.append({
        record: { is: 'chunk', ref, length, writtenSec, framesDigest, pieces, bytes },
        settle: (ledger, at) => ledger.add(ref, { ...at, length, writtenSec, isBad: false }),
      })
      return { is: 'stored' }
    } catch (cause) {
      if (!isNoRoom(cause)) throw cause
      space.exhausted()
      return { is: 'full' }
    }
  }

  /** As `BlobStore.delete`. */
  async delete(refs: readonly BlobRef[]): Promise<void> {
    await Promise.all(refs.map((ref) => this.deleteOne(ref)))
  }

  private async deleteOne(ref: BlobRef): Promise<void> {
    const { index, log, reserve } = this.deps
    const bytes = recordBytes({ is: 'delete' })
    for (;;) {
      const target = index.find(ref)?.segment
      if (target === undefined) return
      let moved = false
      await reserve.appendBy(log, {
        record: { is: 'delete', ref, writtenSec: this.nowSec(), target, pieces: [], bytes },
        settle: (ledger) => {
          const now = ledger.find(ref)?.segment
          moved = now !== undefined && now !== target
          // The delete record lasts as long as the segment it names, so it must name the right one.
          if (!moved) ledger.remove(ref)
        },
      })
      if (!moved) return
    }
  }

  private nowSec(): number {
    return Math.floor(this.deps.nowMs() / 1000)
  }
}
