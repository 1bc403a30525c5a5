// PutObjectTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
// Permission may hang on the tags, and so is asked once they are read.
import type { Tag } from '../../../metadata/records.ts'
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { readTagging } from '../../../protocol/s3/xml/read-tagging.ts'
import { requirePermission } from '../../access/require.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { requestedVersionId } from '../read/find-version.ts'
import { setObjectTags } from '../write/set-object-tags.ts'

export const putObjectTagging: Operation<ObjectCall> = async (call) => {
  const readTags = async () => {
    const tags = readTagging(await call.body.bytes(xmlBytesMax), 'object')
    await permitTags(call, tags)
    return tags
  }
  return { status: 200, headers: await setObjectTags(call, { method: 'PUT', readTags }) }
}

async function permitTags(call: ObjectCall, requestTags: readonly Tag[]): Promise<void> {
  const { bucket, key } = call
  const versionId = requestedVersionId(call)
  const action = versionId === undefined ? 's3:PutObjectTagging' : 's3:PutObjectVersionTagging'
  await requirePermission(call, action, { is: 'object', bucket, key, versionId, requestTags })
}
