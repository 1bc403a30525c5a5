// Whether something failed because there is no room, wherever it was that none was found: in metadata or
// for chunks; and how that, and other failures that are nobody's mistake, are answered. What is to be done again is done when there is some, and nobody counts attempts until then.
import { MetadataFull } from '../../metadata/metadata-full.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'

/** Before the next attempt of a job that has met it. */
export const pauseForRoomMs = 60_000

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
