// AbortMultipartUpload. https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
import { parseHttpDate } from '../../../protocol/s3/http-date.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { noSuchUpload } from '../../../protocol/s3/upload-id.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { requireUpload } from '../write/require-upload.ts'

const initiatedHeader = 'x-amz-if-match-initiated-time'

export const abortMultipartUpload: Operation<ObjectCall> = async (call) => {
  const upload = await requireUpload(call)
  const initiated = headerText(call.headers, initiatedHeader)
  if (initiated !== undefined && !isSameSecond(parseTime(initiated), upload.initiatedMs)) {
    throw new S3Error('PreconditionFailed', { Condition: initiatedHeader })
  }
  const outcome = await call.services.metadata.uploads.abort(call.bucket, upload)
  if (outcome.is === 'noSuchUpload') throw noSuchUpload(upload.uploadId)
  return { status: 204 }
}

function parseTime(raw: string): number {
  const ms = parseHttpDate(raw)
  if (ms !== undefined) return ms
  throw new S3Error('InvalidArgument', { ArgumentName: initiatedHeader, ArgumentValue: raw })
}

// Listings show whole seconds, so that is all a client can name.
function isSameSecond(aMs: number, bMs: number): boolean {
  return Math.floor(aMs / 1000) === Math.floor(bMs / 1000)
}
