// What happens before a chunk counts as absent because the index lacks it: one pass through the records of
// all segments, which enters every chunk that metadata refer to and the index does not know. All who
// miss something meanwhile wait for the same pass.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { SegmentRow } from './chunk-index.ts'
import { segmentIds } from './index-agrees.ts'
import { mendRecord } from './mend-segment.ts'
import { rowOf } from './rebuild-index.ts'
import { type ReinstateParts, reinstate } from './reinstate.ts'
import { scanSegment } from './scan-segment.ts'
import { type ChunkRecord, type SegmentId, segmentFileName } from './segment-format.ts'
import { findSegmentHeader } from './segment-header.ts'
import type { SegmentPaths } from './segment-paths.ts'
import { isLive, recordsOf } from './segment-records.ts'
import { errorCode, type Vfs, type VfsFile } from './vfs.ts'

/** A chunk that is truly lost may be asked for all the time: its pass is not made again so soon. */
const passPauseMs = 60_000

export type SearchParts = ReinstateParts & {
  readonly vfs: Vfs
  readonly paths: SegmentPaths
  readonly nowMs: () => number
}

export class LostChunkSearch {
  private readonly parts: SearchParts
  private passing: Promise<void> | undefined
  private passedMs = Number.NEGATIVE_INFINITY
  /** A segment that the last pass could not look into may have what was missed. */
  private failure: { readonly cause: unknown } | undefined

  constructor(parts: SearchParts) {
    this.parts = parts
  }

  /** Whether the index knows another place of the chunk afterwards. Throws when that cannot be told. */
  async find(ref: BlobRef): Promise<boolean> {
    const { index, nowMs, isReferenced } = this.parts
    const before = index.find(ref)
    // What metadata have forgotten is truly gone, and was not asked for by them.
    if ((await isReferenced([ref]))[0] !== true) return false
    if (this.passing === undefined && nowMs() - this.passedMs >= passPauseMs) {
      this.passing = this.pass().finally(() => {
        this.passing = undefined
      })
    }
    await this.passing
    const now = index.find(ref)
    const isTheSame =
      now?.segment === before?.segment &&
      now?.offset === before?.offset &&
      now?.length === before?.length &&
      now?.isBad === before?.isBad
    if (now !== undefined && !isTheSame) return true
    if (this.failure !== undefined) throw this.failure.cause
    return false
  }

  private async pass(): Promise<void> {
    const { index, files, nowMs } = this.parts
    this.failure = undefined
    for (const id of await segmentIds(this.parts)) {
      const row = index.segment(id)
      if (row?.state === 'retired') continue
      try {
        await files.use(id, (file) => this.lookInto(row, { id, file }))
      } catch (cause) {
        // Retired meanwhile, or not yet made: what counted in it is elsewhere, or nothing did.
        if (errorCode(cause) !== 'ENOENT') this.failure ??= { cause }
      }
    }
    this.passedMs = nowMs()
  }

  /** `known`: its row, if the index has one. */
  private async lookInto(
    known: SegmentRow | undefined,
    { id, file }: { readonly id: SegmentId; readonly file: VfsFile },
  ): Promise<void> {
    const { index } = this.parts
    const row = known ?? (await this.enterSegment(id, file))
    const { records, salt } = await recordsOf(file, row)
    const mending = { vfs: this.parts.vfs, path: this.parts.paths.file(id), file, salt }
    const missed: ChunkRecord[] = []
    for (const record of records) {
      if (record.is !== 'chunk') continue
      // One that was found bad is missed too, if it is good after all, or can be made so.
      const isMissed =
        !isLive(index, row, record) ||
        (index.find(record.ref)?.isBad === true && (await mendRecord(mending, record)) !== 'failed')
      if (isMissed) missed.push(record)
    }
    await reinstate(this.parts, row, { file, records: missed, elsewhere: 'name' })
  }

  /** Of a file that the index knows nothing of: its row is made before a file, and goes after it. */
  private async enterSegment(id: SegmentId, file: VfsFile): Promise<SegmentRow> {
    const found = await findSegmentHeader(file, id)
    if (found === undefined) {
      throw new Error(`no record of ${segmentFileName(id)} can be made out`)
    }
    const { header } = found
    const syncedTo = await file.size()
    const row = rowOf(id, await scanSegment(file, { header, syncedTo, checkFrames: false }))
    this.parts.index.transact((txn) => txn.putSegment(row))
    return row
  }
}
