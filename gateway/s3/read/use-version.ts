// Reads a version that may be replaced or deleted, and its data given back, between the look-up and the
// reading: either what is there now is the answer, or the version is held for a read that takes a while.
import { MetadataFull } from '../../../metadata/metadata-full.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { ReadHold } from '../../data/read/read-leases.ts'
import type { BucketCall } from '../operation.ts'
import type { FoundVersion } from './find-version.ts'

/**
 * Runs `use` on what `find` finds. When that fails and the version found has gone meanwhile, begins
 * again with the one that is there now; otherwise the failure is thrown on.
 */
export async function useVersion<T>(
  find: () => Promise<FoundVersion>,
  use: (found: FoundVersion) => Promise<T>,
): Promise<T> {
  let found = await find()
  for (;;) {
    try {
      return await use(found)
    } catch (cause) {
      if (cause instanceof S3Error) throw cause
      const now = await find()
      if (now.version.rowId === found.version.rowId) throw cause
      found = now
    }
  }
}

/** The version went between its look-up and the hold. `useVersion` begins again for it. */
export class VersionGone extends Error {
  override readonly name = 'VersionGone'
}

/**
 * Holds a version, so that it can be deleted or replaced meanwhile without the read breaking off. Release the
 * hold when the read has ended. Throws `VersionGone`.
 */
export async function holdVersion(
  call: BucketCall,
  { bucket, version }: FoundVersion,
): Promise<ReadHold> {
  const { metadata, readLeases } = call.services
  const { key, rowId } = version
  const hold = await readLeases.hold({ bucketId: bucket.id, key, rowId }).catch(withoutHold)
  try {
    const now = await metadata.objects.get(bucket, key, version.versionId)
    if (now?.rowId === rowId) return hold
  } catch (cause) {
    hold.release()
    throw cause
  }
  hold.release()
  throw new VersionGone(`${rowId} went before it could be held`)
}

/**
 * A disk that is full or read-only must not stop reads. Without the hold, one whose object is deleted
 * meanwhile may break off, as it would when its lease were lost; it never reads anything else.
 */
function withoutHold(cause: unknown): ReadHold {
  if (!(cause instanceof MetadataFull)) throw cause
  return { release: () => {} }
}
