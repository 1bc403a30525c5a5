// What an archive is to hold, wherever it comes from: names decided, in the order of the archive.
import type { ManifestEntry } from '../../metadata/manifest-store.ts'

/** A list that stands still until it is closed, however long it is. */
export interface EntryList {
  /**
   * In pages, the same each time it is asked. No two entries share a name. Throws `MomentLost` when it
   * stands still no more.
   */
  pages(): AsyncIterable<readonly ManifestEntry[]>
  close(): Promise<void>
}
