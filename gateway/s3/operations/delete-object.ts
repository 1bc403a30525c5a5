// DeleteObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
import {
  type ParsedWriteCondition,
  parseDeleteConditions,
} from '../../../protocol/s3/conditions.ts'
import type { ReplyHeaders } from '../../../protocol/s3/object-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { requestedVersionId } from '../read/find-version.ts'

export const deleteObject: Operation<ObjectCall> = async (call) => {
  const versionId = requestedVersionId(call)
  const condition = parseDeleteConditions(call.headers)
  // Conditions are of the current version; S3 does not take them beside the name of a version.
  if (versionId !== undefined && condition !== undefined) {
    throw new S3Error('NotImplemented', { Header: conditionHeader(condition) })
  }
  const outcome = await call.services.metadata.objects.delete({
    bucket: call.bucket,
    key: call.key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(condition === undefined ? {} : { condition }),
    nowMs: call.services.now(),
  })
  switch (outcome.is) {
    case 'deleted': {
      const headers: ReplyHeaders = {}
      if (outcome.deleteMarker) headers['x-amz-delete-marker'] = 'true'
      const shown = versionId ?? (outcome.versioning === 'off' ? undefined : outcome.versionId)
      if (shown !== undefined) headers['x-amz-version-id'] = shown
      return { status: 204, headers }
    }
    case 'preconditionFailed':
      throw new S3Error('PreconditionFailed', { Condition: conditionHeader(condition ?? {}) })
    case 'noSuchKey':
      throw new S3Error('NoSuchKey', { Key: call.key })
    case 'noSuchBucket':
      throw new S3Error('NoSuchBucket', { BucketName: call.bucket.name })
    default:
      return outcome satisfies never
  }
}

function conditionHeader(condition: ParsedWriteCondition): string {
  if (condition.ifMatch !== undefined) return 'If-Match'
  return condition.ifSize === undefined
    ? 'x-amz-if-match-last-modified-time'
    : 'x-amz-if-match-size'
}
