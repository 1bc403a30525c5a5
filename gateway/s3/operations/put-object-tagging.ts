// PutObjectTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { readTagging } from '../../../protocol/s3/xml/read-tagging.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { setObjectTags } from '../write/set-object-tags.ts'

export const putObjectTagging: Operation<ObjectCall> = async (call) => {
  const readTags = async () => readTagging(await call.body.bytes(xmlBytesMax), 'object')
  return { status: 200, headers: await setObjectTags(call, { method: 'PUT', readTags }) }
}
