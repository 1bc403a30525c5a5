// The header `x-amz-mp-object-size` of CompleteMultipartUpload: the size that the client expects.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

const header = 'x-amz-mp-object-size'

/** Bytes, when the client says. Throws `InvalidRequest` for what is no number of bytes. */
export function parseObjectSize(headers: RequestHeaders): number | undefined {
  const raw = headerText(headers, header)
  if (raw === undefined) return undefined
  if (/^\d{1,15}$/.test(raw)) return Number(raw)
  throw invalidRequest(`Value for ${header} header is invalid: '${raw}'`)
}

/** Throws `InvalidRequest` when the client expected another size. */
export function checkObjectSize(expected: number | undefined, computed: number): void {
  if (expected === undefined || expected === computed) return
  throw invalidRequest(
    `The provided '${header}' header value ${expected} does not match what was computed: ${computed}`,
  )
}

function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', {}, { message })
}
