// Takes bytes that are stored already in again, as if they came over the wire: copies whose digests
// must be computed anew. Deduplication finds most of their chunks.
import type { ChecksumAlgorithm, ObjectVersion } from '../../metadata/records.ts'
import { putBytesMax } from '../../protocol/s3/limits.ts'
import type { HalfOpenRange } from '../../protocol/s3/range.ts'
import { readPlaintext } from '../objects/object-reader.ts'
import type { ReceivedPiece } from '../objects/received-piece.ts'
import type { Call } from '../operation.ts'

/** The piece is to be committed or discarded by the caller. Throws `UnreadableData`. */
export function receiveStored(
  call: Call,
  version: ObjectVersion,
  options: { readonly range: HalfOpenRange; readonly algorithm: ChecksumAlgorithm },
): Promise<ReceivedPiece> {
  const { metadata, blobs, ingest } = call.services
  const { range, algorithm } = options
  const plaintext = readPlaintext({ metadata, blobs, tenantKeys: call.keys }, version, range)
  return ingest.receive(plaintext, {
    tenant: call.keys,
    digests: new Set(algorithm === 'CRC32' ? [] : [algorithm]),
    sizeHint: range.end - range.start,
    sizeMax: putBytesMax,
  })
}
