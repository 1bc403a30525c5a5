// Which bytes of an archive a request asks for, and several ranges in one body: S3 knows one range, archives
// know several. https://www.rfc-editor.org/rfc/rfc9110#section-14
import {
  contentRange,
  type HalfOpenRange,
  parseRange,
  satisfyRange,
} from '../../protocol/s3/range.ts'
import type { Batches } from '../data/buffers/batch.ts'
import { rangesMax } from './zip-limits.ts'

/**
 * The ranges of a Range header, cut to `size` bytes, in the order asked. Absent: the header is to be
 * ignored, since it is malformed or asks for too many. `unsatisfiable`: none of them is within.
 */
export function selectRanges(
  raw: string,
  size: number,
): readonly HalfOpenRange[] | 'unsatisfiable' | undefined {
  const list = /^bytes\s*=(.*)$/i.exec(raw.trim())?.[1]
  if (list === undefined) return undefined
  const specs = list.split(',').filter((spec) => spec.trim() !== '')
  if (specs.length === 0 || specs.length > rangesMax) return undefined
  const ranges: HalfOpenRange[] = []
  for (const spec of specs) {
    const parsed = parseRange(`bytes=${spec}`)
    if (parsed === undefined) return undefined
    const range = satisfyRange(parsed, size)
    if (range !== 'unsatisfiable') ranges.push(range)
  }
  return ranges.length === 0 ? 'unsatisfiable' : ranges
}

type MultipartRanges = {
  readonly contentType: string
  /** Of the whole body. */
  readonly bytes: number
  open(): Batches
}

/** `boundary` must not stand in the content: 32 random hex digits do not. */
export function multipartRanges(parts: {
  readonly ranges: readonly HalfOpenRange[]
  readonly size: number
  readonly boundary: string
  readonly contentType: string
  readonly open: (range: HalfOpenRange) => Batches
}): MultipartRanges {
  const { ranges, size, boundary, contentType } = parts
  const headers = ranges.map((range, index) =>
    Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${contentType}\r\n` +
        `Content-Range: ${contentRange(range, size)}\r\n\r\n`,
      'latin1',
    ),
  )
  const last = Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1')
  let bytes = last.length
  for (const header of headers) bytes += header.length
  for (const range of ranges) bytes += range.end - range.start
  async function* open() {
    for (const [index, range] of ranges.entries()) {
      yield [headers[index] ?? last]
      yield* parts.open(range)
    }
    yield [last]
  }
  return { contentType: `multipart/byteranges; boundary=${boundary}`, bytes, open }
}
