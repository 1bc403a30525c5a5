// Opens the source of CopyObject and UploadPartCopy: permission, existence, conditions.
import { checkCopySourceConditions } from '../../../protocol/s3/conditions.ts'
import type { CopySource } from '../../../protocol/s3/copy-source.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { parseVersionId } from '../../../protocol/s3/version-id.ts'
import { requireOwner } from '../../access/require-owner.ts'
import type { Call } from '../operation.ts'
import { type FoundVersion, findVersion } from '../read/find-version.ts'

/**
 * Throws `AccessDenied`, `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`, `InvalidArgument` for a version
 * id that is none, `InvalidRequest` for a delete marker, `PreconditionFailed`.
 */
export async function openCopySource(call: Call, source: CopySource): Promise<FoundVersion> {
  const { bucketName, key } = source
  const versionId =
    source.versionId === undefined
      ? undefined
      : parseVersionId(source.versionId, 'x-amz-copy-source')
  const action = versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'
  await requireSourceAction(call, source, action)
  requireOwner(call.headers, call.identity.tenantId, 'source')
  const found = await findSource(
    call,
    versionId === undefined ? { bucketName, key } : { bucketName, key, versionId },
  )
  if (checkCopySourceConditions(call.headers, found.version) !== 'proceed') {
    throw new S3Error('PreconditionFailed', { Condition: failedCondition(call) })
  }
  return found
}

/** Throws `AccessDenied`. */
export async function requireSourceAction(
  call: Call,
  source: CopySource,
  action: string,
): Promise<void> {
  const resource = { bucket: source.bucketName, key: source.key }
  const allowed = await call.services.authorize({ identity: call.identity, action, resource })
  if (!allowed) throw new S3Error('AccessDenied')
}

async function findSource(
  call: Call,
  named: Parameters<typeof findVersion>[1],
): Promise<FoundVersion> {
  try {
    return await findVersion(call, named)
  } catch (cause) {
    if (!(cause instanceof S3Error) || cause.code !== 'MethodNotAllowed') throw cause
    throw new S3Error('InvalidRequest', undefined, {
      message:
        'The source of a copy request may not specifically refer to a delete marker by version id.',
      cause,
    })
  }
}

const conditionHeaders = [
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-copy-source-if-modified-since',
]

/** Which header to name: with several, the one that makes the others void. */
function failedCondition(call: Call): string {
  return conditionHeaders.find((name) => call.headers[name] !== undefined) ?? ''
}
