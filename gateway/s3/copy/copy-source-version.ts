// The source of CopyObject and UploadPartCopy: found, with its conditions, and its bytes taken in again.
// Permission was asked before.
import type { ChecksumAlgorithm } from '../../../metadata/records.ts'
import { checkCopySourceConditions } from '../../../protocol/s3/conditions.ts'
import { putBytesMax } from '../../../protocol/s3/limits.ts'
import type { HalfOpenRange } from '../../../protocol/s3/range.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { readPlaintext } from '../../data/read/object-reader.ts'
import type { StagedData } from '../../data/write/staged-data.ts'
import { type CopyCall, metadataWhileWanted } from '../operation.ts'
import { type FoundVersion, findVersion } from '../read/find-version.ts'
import { holdVersion } from '../read/use-version.ts'

/** Throws `NoSuchKey`, `NoSuchVersion`, `InvalidRequest` for a delete marker, `PreconditionFailed`. */
export async function findCopySource(call: CopyCall): Promise<FoundVersion> {
  const found = await findVersion(call, call.source).catch(refuseMarker)
  if (checkCopySourceConditions(call.headers, found.version) !== 'proceed') {
    throw new S3Error('PreconditionFailed', { Condition: failedCondition(call) })
  }
  return found
}

function refuseMarker(cause: unknown): never {
  if (!(cause instanceof S3Error) || cause.code !== 'MethodNotAllowed') throw cause
  throw new S3Error('InvalidRequest', undefined, {
    message:
      'The source of a copy request may not specifically refer to a delete marker by version id.',
    cause,
  })
}

const conditionHeaders = [
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-copy-source-if-modified-since',
]

/** Which header to name: with several, the one that makes the others void. */
function failedCondition(call: CopyCall): string {
  return conditionHeaders.find((name) => call.headers[name] !== undefined) ?? ''
}

/**
 * Takes bytes that are stored already in again, as if they came over the wire: for copies whose digests must be
 * computed anew, and those that go to another tenant. Within one, deduplication finds most of their chunks. The
 * piece is to be committed or discarded by the caller. Throws `UnreadableData`, and `VersionGone`
 * when the version went since it was found.
 */
export async function receiveStored(
  call: CopyCall,
  found: FoundVersion,
  options: { readonly range: HalfOpenRange; readonly algorithm: ChecksumAlgorithm },
): Promise<StagedData> {
  const { blobs, ingest } = call.services
  const metadata = metadataWhileWanted(call)
  const { range, algorithm } = options
  const hold = await holdVersion(call, found)
  try {
    const reader = { metadata, blobs, tenantKeys: found.keys }
    const bytes = readPlaintext(reader, found.version, range)
    return await ingest.receive(whileWanted(bytes, call.client.hungUp()), {
      tenant: call.keys,
      digests: new Set(algorithm === 'CRC32' ? [] : [algorithm]),
      sizeHint: range.end - range.start,
      sizeMax: putBytesMax,
    })
  } finally {
    hold.release()
  }
}

async function* whileWanted(
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  for await (const piece of pieces) {
    signal.throwIfAborted()
    yield piece
  }
}
