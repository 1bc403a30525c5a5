// HeadObject: what GetObject would say, without opening the data.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
import { refuseCustomerKey } from '../../../protocol/s3/unsupported-write-headers.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { findRequestedVersion } from '../read/find-version.ts'
import { checkConditions, readHeaders } from '../read/read-headers.ts'
import { selectRange } from '../read/select-range.ts'

export const headObject: Operation<ObjectCall> = async (call) => {
  const found = await findRequestedVersion(call)
  refuseCustomerKey(call.headers)
  const notModified = checkConditions(call, found)
  if (notModified !== undefined) return notModified
  const selection = selectRange(call, found.version)
  const headers = await readHeaders(call, found, selection)
  return { status: selection.partial ? 206 : 200, headers }
}
