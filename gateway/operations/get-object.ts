// GetObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
import { wantsChecksum } from '../../protocol/s3/checksum-headers.ts'
import { refuseCustomerKey } from '../../protocol/s3/unsupported-write-headers.ts'
import { readInline, readBatches } from '../objects/object-reader.ts'
import type { Call, Operation, ReplyBody } from '../operation.ts'
import { type FoundVersion, findRequestedVersion } from '../payload/find-version.ts'
import { checkConditions, plainHeaders, readHeaders } from '../payload/read-headers.ts'
import { type Selection, selectRange } from '../payload/select-range.ts'

export const getObject: Operation = async (call) => {
  const found = await findRequestedVersion(call)
  refuseCustomerKey(call.headers)
  const notModified = checkConditions(call, found)
  if (notModified !== undefined) return notModified
  const selection = selectRange(call, found.version)
  const plain = call.query.parameters.length === 0 && !wantsChecksum(call.headers)
  const headers = plain ? plainHeaders(found, selection) : await readHeaders(call, found, selection)
  return { status: selection.partial ? 206 : 200, headers, body: bodyOf(call, found, selection) }
}

function bodyOf(call: Call, { version }: FoundVersion, { range }: Selection): ReplyBody {
  const inline = readInline(call.keys, version, range)
  if (inline !== undefined) return inline
  const { metadata, blobs } = call.services
  const parts = { metadata, blobs, tenantKeys: call.keys }
  return {
    bytes: range.end - range.start,
    open: () => readBatches(parts, version, range),
  }
}
