// Several ranges in one body. https://www.rfc-editor.org/rfc/rfc9110#section-14.6
import { contentRange, type HalfOpenRange } from '../../protocol/s3/range.ts'
import type { Batches } from '../data/buffers/batch.ts'

export type MultipartRanges = {
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
