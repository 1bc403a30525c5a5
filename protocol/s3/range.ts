// Ranges of bytes in headers. `Range` as S3 reads it: one range. Several ranges, another unit and anything
// malformed count as no range. https://www.rfc-editor.org/rfc/rfc9110#section-14.2
import { S3Error } from './s3-error.ts'

/** Plaintext offsets, `end` exclusive. */
export type HalfOpenRange = { readonly start: number; readonly end: number }

export type RequestedRange =
  /** From `first` to `last`, both inclusive; without `last`, to the end. */
  | { readonly is: 'from'; readonly first: number; readonly last?: number }
  /** The last `bytes` bytes. */
  | { readonly is: 'suffix'; readonly bytes: number }

const form = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i

/** Absent: to be ignored. */
export function parseRange(raw: string): RequestedRange | undefined {
  const match = form.exec(raw.trim())
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? undefined : { is: 'suffix', bytes: toOffset(last) }
  if (last === '') return { is: 'from', first: toOffset(first) }
  const range = { is: 'from', first: toOffset(first), last: toOffset(last) } as const
  return range.first <= range.last ? range : undefined
}

// Any number of digits is legal; past every object's end, more precision means nothing.
function toOffset(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}

/** Cut to an object of `size` bytes. Nothing satisfies a range on an empty object, as S3 has it. */
export function satisfyRange(range: RequestedRange, size: number): HalfOpenRange | 'unsatisfiable' {
  if (range.is === 'suffix') {
    if (range.bytes === 0 || size === 0) return 'unsatisfiable'
    return { start: Math.max(0, size - range.bytes), end: size }
  }
  if (range.first >= size) return 'unsatisfiable'
  const last = range.last ?? size - 1
  return { start: range.first, end: Math.min(last, size - 1) + 1 }
}

/** `bytes 0-9/100`. */
export function contentRange(range: HalfOpenRange, size: number): string {
  return `bytes ${range.start}-${range.end - 1}/${size}`
}

const copyHeader = 'x-amz-copy-source-range'
const copyForm = /^bytes=(\d+)-(\d+)$/

/**
 * The header of UploadPartCopy: unlike `Range` it has one form only, and must lie within the source.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 * Throws `InvalidArgument` for anything malformed.
 */
export function parseCopyRange(raw: string): HalfOpenRange {
  const match = copyForm.exec(raw)
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
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: copyHeader, ArgumentValue: raw },
    { message },
  )
}
