// PORT: where sealed chunks lie. It knows chunk ids, generations and sealed bytes; never a tenant,
// a name, a key or plaintext. Engines: `disk/` (this machine); later `remote/` (several nodes).
import type { BlobRef } from '../protocol/chunks/chunk-ref.ts'
import type { FrameRange } from '../protocol/chunks/open-frames.ts'

export type SealedChunk = {
  readonly ref: BlobRef
  /** Plaintext bytes, from which the count and length of the frames follow. */
  readonly length: number
  /** The frames in order (`protocol/chunks`), in as many pieces as the sealer found handy. */
  readonly pieces: readonly Uint8Array[]
}

export type WantedFrames = { readonly ref: BlobRef; readonly range: FrameRange }

export type BlobRead =
  | { readonly is: 'found'; readonly frames: Buffer }
  /** No such chunk, for certain: every place it could be was readable. */
  | { readonly is: 'absent' }
  /** There is such a chunk, and a frame of it fails its CRC-32C. */
  | { readonly is: 'corrupt' }

export type BlobUsage = {
  /** Bytes of chunks that are not deleted, sealed form, record headers included. */
  readonly liveBytes: number
  /** Bytes the engine takes on its disk. */
  readonly diskBytes: number
  readonly chunks: number
}

/**
 * Which of these chunks metadata refer to, in the order asked. Whoever gives bytes up asks it first, and
 * keeps what is referred to, whatever the engine's own index says.
 */
export type IsReferenced = (refs: readonly BlobRef[]) => Promise<readonly boolean[]>

export type BlobPage = {
  readonly blobs: readonly BlobRef[]
  /** Hand this to the next call; absent after the last page. */
  readonly next?: string
}

export interface BlobStore {
  /**
   * Stores a chunk. Durable when it resolves; readable from every process of this data directory
   * from then on. Repeating a call with an equal ref is harmless, and heals: the new copy takes the
   * place of one that is known to be bad (`has`). `full`: there is no room, nothing was stored.
   */
  write(chunk: SealedChunk): Promise<{ readonly is: 'stored' } | { readonly is: 'full' }>

  /** Whether chunks of so many bytes would be stored now, by what is known of the disk. Cheap. */
  hasRoom(bytes: number): Promise<boolean>

  /**
   * Whether a chunk is there, by what is known of it: nothing is read, so `good` is no promise. `bad`:
   * a read or a scrub met wrong bytes or none, and writing the same ref again heals it. Cheap.
   */
  has(ref: BlobRef): Promise<'good' | 'bad' | 'absent'>

  /**
   * Reads `count` frames from frame `first` on, as one contiguous buffer that the caller owns. Every
   * frame returned has passed its CRC-32C. `length` is the chunk's plaintext length, as recorded in
   * metadata. An I/O error throws: an error never counts as absent. `into`: memory that the frames
   * may lie in if there is room for them and what is read with them; the store's until it answers.
   */
  read(ref: BlobRef, range: FrameRange, into?: Buffer): Promise<BlobRead>

  /**
   * Reads frames of many chunks, each answered as `read` would, in the order asked; what lies close
   * together is fetched at once. The buffers may share memory: they are to be read, not kept. It has
   * at most twice the bytes asked for. One I/O error throws, when all reads have ended. `into`: as for
   * `read`, and what it has no room for lies elsewhere.
   */
  readMany(wanted: readonly WantedFrames[], into?: Buffer): Promise<readonly BlobRead[]>

  /**
   * Deletes exactly these generations; unknown ones are done already. Not reversible. Durable when
   * it resolves, as far as reads go: a deleted chunk may come back after the index was lost, until
   * the orphan sweep has met it again. Space returns with `reclaim`.
   */
  delete(refs: readonly BlobRef[]): Promise<void>

  /**
   * Pages through stored chunks that were written before the store was last opened or at least
   * `minAgeMs` ago, in no particular order. For the orphan sweep.
   */
  list(page: { after?: string; limit: number; minAgeMs: number }): Promise<BlobPage>

  /**
   * Gives disk space of deleted chunks back: removes dead segments, compacts sparse ones, and moves
   * at most about `budgetBytes` of live data. `idle`: there was nothing worth doing.
   */
  reclaim(
    budgetBytes: number,
  ): Promise<{ readonly is: 'worked' | 'idle'; readonly freedBytes: number }>

  /**
   * Verifies stored frames without keys, at most about `budgetBytes` of them, going on where the
   * last call ended; `wrapped` when it came round. Corrupt chunks are reported, and not removed;
   * from then on `has` calls them bad. `problems`: what was found besides, and put right if it could be.
   */
  scrub(budgetBytes: number): Promise<{
    readonly corrupt: readonly BlobRef[]
    readonly wrapped: boolean
    readonly problems: readonly { readonly file: string; readonly what: string }[]
  }>

  usage(): Promise<BlobUsage>

  /** Waits for writes under way, then lets go of files and index. */
  close(): Promise<void>
}
