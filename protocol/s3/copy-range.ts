// The header `x-amz-copy-source-range` of UploadPartCopy: unlike `Range` it has one form only, and
// must lie within the source. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
import type { HalfOpenRange } from './range.ts'
import { S3Error } from './s3-error.ts'

const header = 'x-amz-copy-source-range'
const form = /^bytes=(\d+)-(\d+)$/

/** The inclusive offsets the header names. Throws `InvalidArgument` for anything malformed. */
export function parseCopyRange(raw: string): HalfOpenRange {
  const match = form.exec(raw)
  const start = Number(match?.[1])
  const last = Number(match?.[2])
  if (match && start <= last && Number.isSafeInteger(last)) return { start, end: last + 1 }
  throw invalid(
    raw,
    'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
  )
}

/** Throws `InvalidArgument` when the range reaches past the source's end. `raw` is for the error. */
export function checkCopyRange(range: HalfOpenRange, sourceBytes: number, raw: string): void {
  if (range.end <= sourceBytes) return
  throw invalid(raw, `Range specified is not valid for source object of size: ${sourceBytes}`)
}

function invalid(raw: string, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: header, ArgumentValue: raw }, { message })
}
