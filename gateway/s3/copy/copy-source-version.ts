// Finds the source of CopyObject and UploadPartCopy: existence, conditions. Permission was asked before.
import { checkCopySourceConditions } from '../../../protocol/s3/conditions.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { CopyCall } from '../operation.ts'
import { type FoundVersion, findVersion } from '../read/find-version.ts'

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
