// PORT: where sealed chunks lie, as gateways see it. It knows chunk ids, generations and sealed bytes; never
// a tenant, a name, a key or plaintext. Engines: `disk/` (this machine); later one that keeps copies on
// several nodes. What the keeper of a node does besides is `blob-node.ts`.
//
// No verb keeps state between calls, and each may be repeated after a lost answer. `unavailable` is an answer:
// what would have to be reached cannot be, or not in time. It says neither that a chunk is there nor that
// it is not, and may be another one the next moment. What throws is a failure of the engine, and never
// counts as an answer either.
//
// There is no `writeMany`: whoever writes has one chunk in his hands, with others beside him, and each
// is to be refused for itself. An engine joins writes that come together: the disk in one sync.
import type { BlobRef, FrameRange } from '../protocol/chunks/chunk-ref.ts'

export type SealedChunk = {
  readonly ref: BlobRef
  /** Plaintext bytes, from which the count and length of the frames follow. */
  readonly length: number
  /** The frames in order (`protocol/chunks`), in as many pieces as the sealer found handy. */
  readonly pieces: readonly Uint8Array[]
}

export type WantedFrames = { readonly ref: BlobRef; readonly range: FrameRange }

export type BlobWritten =
  | { readonly is: 'stored' }
  /** There is no room, and nothing was stored. */
  | { readonly is: 'full' }
  /**
   * Fewer copies could be made than are needed: nothing is promised. Those that were made, or still come
   * to be, are deleted with the ref, or found as orphans.
   */
  | { readonly is: 'unavailable' }

export type BlobRead =
  | { readonly is: 'found'; readonly frames: Buffer }
  /** No such chunk, for certain: every place it could be was readable. */
  | { readonly is: 'absent' }
  /** There is such a chunk, no place has a sound copy, and a frame of it fails its CRC-32C. */
  | { readonly is: 'corrupt' }
  /** No place that was reached has a sound copy, and not all could be reached. */
  | { readonly is: 'unavailable' }

export type BlobDeleted =
  | { readonly is: 'deleted' }
  /** Some place of these could not be told: they are to be deleted again. All others are deleted. */
  | { readonly is: 'unavailable'; readonly left: readonly BlobRef[] }

/** What is known of a chunk. `bad`: every copy is wrong or lost. `unavailable`: as of `BlobRead`. */
export type BlobState = 'good' | 'bad' | 'absent' | 'unavailable'

/**
 * Which of these chunks metadata refer to, in the order asked. Whoever gives bytes up asks it first, and
 * keeps what is referred to, whatever the engine's own index says.
 */
export type IsReferenced = (refs: readonly BlobRef[]) => Promise<readonly boolean[]>

export type BlobCall = {
  /**
   * Aborted: the caller wants no answer any more. The verb throws the signal's reason, or answers if that is
   * sooner, as soon as it has let go of the caller's memory; what it had begun may come to be all the same.
   */
  readonly signal?: AbortSignal | undefined
}

export type BlobReadCall = BlobCall & {
  /** Memory that frames may lie in, as far as there is room for them and what is read with them; the store's until it answers. */
  readonly into?: Buffer | undefined
}

/** Refs that one call of `hasMany`, `delete` or `list` names at most. */
export const refsAtOnceMax = 1_000

export interface BlobStore {
  /**
   * Stores a chunk. Durable when it answers `stored`; readable by every process from then on. Repeating a call
   * with an equal ref is harmless, and heals: the new copy takes the place of one that is known to be bad
   * (`hasMany`), and copies that are lacking are made. Frames that fail their CRC-32C are not stored: it throws. The
   * pieces are the store's until it answers.
   */
  write(chunk: SealedChunk, call?: BlobCall): Promise<BlobWritten>

  /**
   * Whether chunks are there, by what is known of them, in the order asked: nothing is read, so `good` is
   * no promise. `bad`: a read or a scrub met wrong bytes or none, and writing the same ref again heals
   * it. Cheap.
   */
  hasMany(refs: readonly BlobRef[], call?: BlobCall): Promise<readonly BlobState[]>

  /**
   * Reads `count` frames from frame `first` on, as one contiguous buffer that the caller owns. Every
   * frame returned has passed its CRC-32C. `length` is the chunk's plaintext length, as recorded in
   * metadata. An I/O error throws where no other place is left to ask.
   */
  read(ref: BlobRef, range: FrameRange, call?: BlobReadCall): Promise<BlobRead>

  /**
   * Reads frames of many chunks, each answered as `read` would, in the order asked; what lies close
   * together is fetched at once. The buffers may share memory: they are to be read, not kept. It has
   * at most twice the bytes asked for. One I/O error throws, when all reads have ended.
   */
  readMany(wanted: readonly WantedFrames[], call?: BlobReadCall): Promise<readonly BlobRead[]>

  /**
   * Deletes exactly these generations; unknown ones are done already. Not reversible. Durable when
   * it answers `deleted`, as far as reads go: a deleted chunk may come back after an index was lost, until
   * the orphan sweep has met it again. Space returns with `BlobNode.reclaim`.
   */
  delete(refs: readonly BlobRef[], call?: BlobCall): Promise<BlobDeleted>
}
