// Holds a version for a read that takes a while, so that it can be deleted or replaced meanwhile
// without the read breaking off.
import { MetadataFull } from '../../../metadata/metadata-full.ts'
import type { ReadHold } from '../../data/read/read-leases.ts'
import type { BucketCall } from '../operation.ts'
import type { FoundVersion } from './find-version.ts'

/** The version went between its look-up and the hold. `useVersion` begins again for it. */
export class VersionGone extends Error {
  override readonly name = 'VersionGone'
}

/** Release the hold when the read has ended. Throws `VersionGone`. */
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
