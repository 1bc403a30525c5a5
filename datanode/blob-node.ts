// PORT: one place where chunks lie, as its keeper sees it: whoever gives its space back, verifies what it
// has, and looks for what nobody refers to. It is a store too, the smallest there is, so that a store
// of several nodes speaks to each as a gateway speaks to it. Gateways are handed a `BlobStore` alone.
//
// Work of keepers is repeated anyway: a node that cannot be reached throws, and is come back to.
import type { BlobRef } from '../protocol/chunks/chunk-ref.ts'
import type { BlobCall, BlobStore } from './blob-store.ts'

export type BlobUsage = {
  /** Bytes of chunks that are not deleted, sealed form, record headers included. */
  readonly liveBytes: number
  /** Bytes the engine takes on its disk. */
  readonly diskBytes: number
  /** Bytes of chunks that would still be stored, by what is known of the disk. 0: writes are refused. */
  readonly roomBytes: number
  readonly chunks: number
}

export type ListedBlobs = {
  readonly after?: string | undefined
  /** At most `refsAtOnceMax`. */
  readonly limit: number
  readonly minAgeMs: number
}

export type BlobPage = {
  readonly blobs: readonly BlobRef[]
  /** Hand this to the next call; absent after the last page. */
  readonly next?: string
}

/** What was found wrong, in words for the log, and put right if it could be. */
export type NodeProblem = { readonly file: string; readonly what: string }

export type Reclaimed = { readonly is: 'worked' | 'idle'; readonly freedBytes: number }

export type Scrubbed = {
  readonly corrupt: readonly BlobRef[]
  readonly wrapped: boolean
  /** What else was found. */
  readonly problems: readonly NodeProblem[]
}

export interface BlobNode extends BlobStore {
  /**
   * Pages through stored chunks that were written before the node was last opened or at least
   * `minAgeMs` ago, in the order of their ids, as bytes. A page may be short, or empty, and not be the last.
   * For the orphan sweep, and for whoever compares nodes with metadata or with each other.
   */
  list(page: ListedBlobs, call?: BlobCall): Promise<BlobPage>

  /**
   * Gives disk space of deleted chunks back: removes dead segments, compacts sparse ones, and moves
   * at most about `budgetBytes` of live data. `idle`: there was nothing worth doing. Safe at any moment.
   */
  reclaim(budgetBytes: number, call?: BlobCall): Promise<Reclaimed>

  /**
   * Verifies stored frames without keys, at most about `budgetBytes` of them, going on where the
   * last call ended; `wrapped` when it came round. Corrupt chunks are reported, and not removed;
   * from then on `hasMany` calls them bad.
   */
  scrub(budgetBytes: number, call?: BlobCall): Promise<Scrubbed>

  usage(call?: BlobCall): Promise<BlobUsage>
}

/**
 * A node in the hands of whoever has opened it, on its own disk and perhaps in several processes. To be
 * closed by him, and by nobody he hands it to.
 */
export interface OpenedNode extends BlobNode {
  /** What was met while opening. A process that joined others has none. */
  readonly recovery: { readonly problems: readonly NodeProblem[] } | undefined

  /** To be called in every process every 10 to 20 seconds: lets go of what is not needed any more. Cheap. */
  maintain(): Promise<void>

  /** Whether chunks are refused for want of room, as of a second ago. Cheaper than `usage`. */
  isFull(): Promise<boolean>

  /**
   * Ends what processes have left that are no more, so that it can be reclaimed. For the first process,
   * after another has ended; `living` holds the id of every process that has the node open.
   */
  adoptOrphanSegments(living: ReadonlySet<string>): Promise<readonly NodeProblem[]>

  /** Waits for writes under way, then lets go of files and index. */
  close(): Promise<void>
}
