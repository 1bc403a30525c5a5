// Whether something failed for what only time or an operator can give: because there is no room, wherever it
// was that none was found, in metadata or for chunks; or because a store or chunks cannot be reached. What is to be
// done again is done then, and nobody counts attempts until then.
import { MetadataFull } from '../../metadata/metadata-full.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'

const message = 'Stored data cannot be reached at the moment. Please try again.'

/**
 * Chunks that cannot be reached now: neither gone nor damaged. Clients are told to come again (503), work of
 * ours does so by itself, and what was sent in part is broken off.
 */
export class ChunksUnavailable extends S3Error {
  /** `what`: for the log. */
  constructor(what: string) {
    super('SlowDown', {}, { message, cause: new Error(`${what} cannot be reached`) })
  }
}

const pauseForRoomMs = 60_000
const outOfReachPauseMs = 15_000

/** Before the next attempt of a job that has met it; undefined: it has failed for something else. */
export function storagePauseMs(cause: unknown): number | undefined {
  if (isStorageFull(cause)) return pauseForRoomMs
  const isOutOfReach = cause instanceof ChunksUnavailable || cause instanceof StoreUnavailable
  return isOutOfReach ? outOfReachPauseMs : undefined
}

export function isStorageFull(cause: unknown): boolean {
  if (cause instanceof MetadataFull) return true
  return cause instanceof S3Error && cause.code === 'InsufficientStorage'
}

/**
 * How a failure is answered. A store out of reach is: try again. What is not the client's doing, and no want
 * of room, is ours.
 */
export function asS3Error(cause: unknown): S3Error {
  if (cause instanceof S3Error) return cause
  if (cause instanceof StoreUnavailable) return new S3Error('SlowDown', {}, { cause })
  return new S3Error(isStorageFull(cause) ? 'InsufficientStorage' : 'InternalError', {}, { cause })
}
