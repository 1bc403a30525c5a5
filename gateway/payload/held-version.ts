// Holds a version for a read that takes a while, so that it can be deleted or replaced meanwhile
// without the read breaking off.
import type { ReadHold } from '../objects/read-leases.ts'
import type { Call } from '../operation.ts'
import type { FoundVersion } from './find-version.ts'

/** The version went between its look-up and the hold. `useVersion` begins again for it. */
export class VersionGone extends Error {
  override readonly name = 'VersionGone'
}

/** Release the hold when the read has ended. Throws `VersionGone`. */
export async function holdVersion(
  call: Call,
  { bucket, version }: FoundVersion,
): Promise<ReadHold> {
  const { metadata, readLeases } = call.services
  const { key, rowId } = version
  const hold = await readLeases.hold({ bucketId: bucket.id, key, rowId })
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
