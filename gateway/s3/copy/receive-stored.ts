// Takes bytes that are stored already in again, as if they came over the wire: copies whose digests
// must be computed anew, and those that go to another tenant. Within one, deduplication finds most of their
// chunks.
import type { ChecksumAlgorithm } from '../../../metadata/records.ts'
import { putBytesMax } from '../../../protocol/s3/limits.ts'
import type { HalfOpenRange } from '../../../protocol/s3/range.ts'
import { readPlaintext } from '../../data/read/object-reader.ts'
import type { StagedData } from '../../data/write/staged-data.ts'
import type { CopyCall } from '../operation.ts'
import type { FoundVersion } from '../read/find-version.ts'
import { holdVersion } from '../read/held-version.ts'

/**
 * The piece is to be committed or discarded by the caller. Throws `UnreadableData`, and `VersionGone`
 * when the version went since it was found.
 */
export async function receiveStored(
  call: CopyCall,
  found: FoundVersion,
  options: { readonly range: HalfOpenRange; readonly algorithm: ChecksumAlgorithm },
): Promise<StagedData> {
  const { metadata, blobs, ingest } = call.services
  const { range, algorithm } = options
  const hold = await holdVersion(call, found)
  try {
    const reader = { metadata, blobs, tenantKeys: found.keys }
    return await ingest.receive(readPlaintext(reader, found.version, range), {
      tenant: call.keys,
      digests: new Set(algorithm === 'CRC32' ? [] : [algorithm]),
      sizeHint: range.end - range.start,
      sizeMax: putBytesMax,
    })
  } finally {
    hold.release()
  }
}
