// PORT: chunks that lie on the disk and that no row refers to. They may be left over from an upload that
// never ended; or the metadata are those of another moment, and the right ones still need them. So an
// orphan is set aside first, and only what has been one for a long time is condemned.
import type { BlobRef } from '../protocol/chunks/chunk-ref.ts'

/** What a review made of some stored chunks. */
export type OrphanReview = {
  /** Nothing can claim these any more, so that they can be deleted. */
  readonly condemned: readonly BlobRef[]
  /** Newly set aside. */
  readonly setAside: number
  /** Set aside before, and known again. */
  readonly known: number
}

export interface OrphanStore {
  /** How long the server has been running in all, in milliseconds, with `elapsedMs` more. */
  served(elapsedMs: number): Promise<number>

  /**
   * Looks at stored chunks. Unknown ones are set aside, or condemned if they have been set aside for
   * `keepMs` of the server's running time, whatever clocks say: with a tombstone, so that no claim of
   * them succeeds. Known ones are set aside no longer.
   */
  review(
    blobs: readonly BlobRef[],
    time: { readonly servedMs: number; readonly keepMs: number },
  ): Promise<OrphanReview>

  /** Ends a pass over all stored chunks that began at `servedMs`: forgets orphans that it did not meet. */
  endPass(servedMs: number): Promise<void>

  /** An estimate of how many are set aside. */
  count(): Promise<number>

  /**
   * For so much of its running time the server deletes no blob, and leaves those that nothing refers to
   * any more to be orphans: after a recovery, while there may still be a way back.
   */
  deferDeletions(ms: number): Promise<void>

  /** Whether that time still runs. */
  defersDeletions(): Promise<boolean>
}
