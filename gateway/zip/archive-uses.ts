// Which archives this process reads or makes at the moment, noted in their manifests every few seconds:
// who looks for idle ones to give space back finds those of all processes by their times.
import type { ManifestId } from '../../metadata/manifest-store.ts'
import { noteUseEveryMs } from './zip-limits.ts'

export type ArchiveUsesDeps = {
  readonly note: (manifestId: ManifestId) => Promise<unknown>
}

export class ArchiveUses {
  private readonly counts = new Map<ManifestId, number>()
  private readonly note: ArchiveUsesDeps['note']
  private timer: NodeJS.Timeout | undefined

  constructor(deps: ArchiveUsesDeps) {
    this.note = deps.note
  }

  /** Answers what ends the use, to be called once. */
  enter(manifestId: ManifestId): () => void {
    this.counts.set(manifestId, (this.counts.get(manifestId) ?? 0) + 1)
    if (this.timer === undefined) {
      this.timer = setInterval(() => this.noteAll(), noteUseEveryMs)
      this.timer.unref()
    }
    return () => {
      const left = (this.counts.get(manifestId) ?? 1) - 1
      if (left > 0) this.counts.set(manifestId, left)
      else this.counts.delete(manifestId)
      if (this.counts.size > 0) return
      clearInterval(this.timer)
      this.timer = undefined
    }
  }

  /** All in one turn, so that they share a commit. What fails is noted the next time. */
  private noteAll(): void {
    for (const manifestId of this.counts.keys()) this.note(manifestId).catch(() => {})
  }
}
