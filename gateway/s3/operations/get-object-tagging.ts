// GetObjectTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
import { renderTagging } from '../../../protocol/s3/xml/render-tagging.ts'
import { xmlReply } from '../../reply.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { findRequestedVersion } from '../read/find-version.ts'

export const getObjectTagging: Operation<ObjectCall> = async (call) => {
  const { bucket, version } = await findRequestedVersion(call)
  const shown = bucket.versioning === 'off' ? undefined : version.versionId
  return xmlReply(renderTagging(version.tags), { 'x-amz-version-id': shown })
}
