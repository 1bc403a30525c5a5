// What happens before a chunk counts as absent because the index lacks it: one pass through the records of
// all segments, which enters every chunk that metadata refer to and the index does not know. All who
// miss something meanwhile wait for the same pass.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { SegmentRow } from './chunk-index.ts'
import { type ReinstateParts, reinstate } from './reinstate.ts'
import { isLive, recordsOf } from './segment-records.ts'
import { errorCode, type VfsFile } from './vfs.ts'

/** A chunk that is truly lost may be asked for all the time: its pass is not made again so soon. */
const passPauseMs = 60_000

export class LostChunkSearch {
  private readonly parts: ReinstateParts & { readonly nowMs: () => number }
  private passing: Promise<void> | undefined
  private passedMs = Number.NEGATIVE_INFINITY
  /** A segment that the last pass could not look into may have what was missed. */
  private failure: { readonly cause: unknown } | undefined

  constructor(parts: ReinstateParts & { readonly nowMs: () => number }) {
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
    if (now !== undefined && !(now.segment === before?.segment && now.offset === before.offset)) {
      return true
    }
    if (this.failure !== undefined) throw this.failure.cause
    return false
  }

  private async pass(): Promise<void> {
    const { index, files, nowMs } = this.parts
    this.failure = undefined
    for (const row of index.segments()) {
      if (row.state === 'retired') continue
      try {
        await files.use(row.id, (file) => this.lookInto(row, file))
      } catch (cause) {
        // Retired meanwhile, or not yet made: what counted in it is elsewhere, or nothing did.
        if (errorCode(cause) !== 'ENOENT') this.failure ??= { cause }
      }
    }
    this.passedMs = nowMs()
  }

  private async lookInto(row: SegmentRow, file: VfsFile): Promise<void> {
    const { index } = this.parts
    const scan = await recordsOf(file, row)
    const chunks = scan.records.filter((record) => record.is === 'chunk')
    const records = chunks.filter((record) => !isLive(index, row, record))
    await reinstate(this.parts, row, { file, records })
  }
}
