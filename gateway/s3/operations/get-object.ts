// GetObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
import { wantsChecksum } from '../../../protocol/s3/checksum-headers.ts'
import { refuseCustomerKey } from '../../../protocol/s3/unsupported-write-headers.ts'
import type { Reply } from '../../reply.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { type FoundVersion, findRequestedVersion } from '../read/find-version.ts'
import { openBody } from '../read/open-body.ts'
import { checkConditions, plainHeaders, readHeaders } from '../read/read-headers.ts'
import { selectRange } from '../read/select-range.ts'
import { useVersion } from '../read/use-version.ts'

export const getObject: Operation<ObjectCall> = (call) =>
  useVersion(
    () => findRequestedVersion(call),
    (found) => show(call, found),
  )

async function show(call: ObjectCall, found: FoundVersion): Promise<Reply> {
  refuseCustomerKey(call.headers)
  const notModified = checkConditions(call, found)
  if (notModified !== undefined) return notModified
  const selection = selectRange(call, found.version)
  const plain = call.query.parameters.length === 0 && !wantsChecksum(call.headers)
  const headers = plain ? plainHeaders(found, selection) : await readHeaders(call, found, selection)
  const body = await openBody(call, found, selection.range)
  return { status: selection.partial ? 206 : 200, headers, body }
}
