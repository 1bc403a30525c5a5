// How far a job is, noted now and then: bytes as they are read, and the entries that are complete with
// them.
import type { Manifest, ManifestStore } from '../../metadata/manifest-store.ts'
import type { ClaimedJob } from '../background/claimed-job.ts'
import { type PlacedEntry, placedPages } from '../zip/manifest-entries.ts'
import { progressEveryMs } from './archive-limits.ts'

export class JobProgress {
  private readonly claimed: ClaimedJob<'archive'>
  private readonly pages: AsyncGenerator<readonly PlacedEntry[], void, void>
  private page: readonly PlacedEntry[] = []
  private entriesBefore = 0
  private notedMs = Number.NEGATIVE_INFINITY
  private readonly clock: () => number

  /** `clock`: milliseconds of a clock that does not jump. */
  constructor(
    claimed: ClaimedJob<'archive'>,
    manifest: Manifest,
    parts: { readonly manifests: Pick<ManifestStore, 'pageAt'>; readonly clock: () => number },
  ) {
    this.claimed = claimed
    this.clock = parts.clock
    this.pages = placedPages(parts.manifests, manifest, { offset: 0 })
  }

  /** The archive has been read up to here, maybe once more. Throws `JobTaken`. */
  async reached(offset: number): Promise<void> {
    if (this.clock() - this.notedMs < progressEveryMs) return
    this.notedMs = this.clock()
    // What is noted never goes back: a part is read again when the server has died in it.
    const bytes = Math.max(offset, this.claimed.job.progress.bytes)
    await this.claimed.note({ progress: { items: await this.entriesUpTo(bytes), bytes } })
  }

  private async entriesUpTo(offset: number): Promise<number> {
    while ((this.page.at(-1)?.end ?? 0) <= offset) {
      const next = await this.pages.next()
      this.entriesBefore += this.page.length
      this.page = next.done === true ? [] : next.value
      if (next.done === true) return this.entriesBefore
    }
    return this.entriesBefore + this.page.filter(({ end }) => end <= offset).length
  }
}
