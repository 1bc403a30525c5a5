// DeleteObjectTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
import type { ObjectCall, Operation } from '../operation.ts'
import { setObjectTags } from '../write/set-object-tags.ts'

export const deleteObjectTagging: Operation<ObjectCall> = async (call) => {
  const readTags = async () => []
  return { status: 204, headers: await setObjectTags(call, { method: 'DELETE', readTags }) }
}
