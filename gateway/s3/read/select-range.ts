// Which bytes of a version a GET or HEAD is about: all, a range, or a part of a completed upload.
import type { ObjectVersion, PartSize } from '../../../metadata/records.ts'
import { ifRangeHolds } from '../../../protocol/s3/conditions.ts'
import { parsePartNumber } from '../../../protocol/s3/part-number.ts'
import { type HalfOpenRange, parseRange, satisfyRange } from '../../../protocol/s3/range.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { BucketCall } from '../operation.ts'

export type Selection = {
  readonly range: HalfOpenRange
  /** Answer 206 and say which bytes. */
  readonly partial: boolean
  /** The part asked for by `partNumber`, of an object that was uploaded in parts. */
  readonly part?: { readonly number: number; readonly count: number }
}

/**
 * Throws `InvalidRange` and `InvalidPartNumber` for what lies outside, `InvalidArgument` for a number
 * that is none, `InvalidRequest` for range and part together.
 */
export function selectRange(call: BucketCall, version: ObjectVersion): Selection {
  const rangeHeader = headerText(call.headers, 'range')
  const partNumber = call.query.parameters.length === 0 ? undefined : call.query.get('partNumber')
  if (partNumber !== undefined) {
    if (rangeHeader !== undefined) throw rangeAndPart()
    return selectPart(version, parsePartNumber(partNumber))
  }
  const requested = rangeHeader === undefined ? undefined : parseRange(rangeHeader)
  if (requested === undefined || !ifRangeHolds(call.headers, version)) return whole(version)
  const range = satisfyRange(requested, version.size)
  if (range === 'unsatisfiable') throw unsatisfiable(rangeHeader ?? '', version.size)
  return { range, partial: true }
}

function whole(version: ObjectVersion): Selection {
  return { range: { start: 0, end: version.size }, partial: false }
}

function rangeAndPart(): S3Error {
  return new S3Error('InvalidRequest', undefined, {
    message: 'Cannot specify both Range header and partNumber query parameter',
  })
}

function unsatisfiable(requested: string, size: number): S3Error {
  return new S3Error(
    'InvalidRange',
    { RangeRequested: requested, ActualObjectSize: String(size) },
    { headers: { 'Content-Range': `bytes */${size}` } },
  )
}

/** An object that came in one piece counts as its own first part. */
function selectPart(version: ObjectVersion, number: number): Selection {
  if (version.data.is !== 'parts') {
    if (number !== 1) throw noSuchPart(number, 1)
    // An empty range has no Content-Range form; the whole of nothing is answered instead.
    return { ...whole(version), partial: version.size > 0 }
  }
  const { parts } = version.data
  const range = rangeOfPart(parts, number)
  if (range === undefined) throw noSuchPart(number, parts.length)
  return { range, partial: range.end > range.start, part: { number, count: parts.length } }
}

function rangeOfPart(parts: readonly PartSize[], number: number): HalfOpenRange | undefined {
  let start = 0
  for (const part of parts) {
    if (part.number === number) return { start, end: start + part.size }
    start += part.size
  }
  return undefined
}

function noSuchPart(requested: number, count: number): S3Error {
  return new S3Error('InvalidPartNumber', {
    ActualPartCount: String(count),
    PartNumberRequested: String(requested),
  })
}
