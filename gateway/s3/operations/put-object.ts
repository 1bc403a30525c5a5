// PutObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
import { putBytesMax } from '../../../protocol/s3/limits.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { storedHeaders, storeObject } from '../write/store-object.ts'

export const putObject: Operation<ObjectCall> = async (call) => {
  const stored = await storeObject(call, { sizeMax: putBytesMax })
  return { status: 200, headers: storedHeaders(stored) }
}
