// Which bytes of an archive a request asks for: S3 knows one range, archives know several.
// https://www.rfc-editor.org/rfc/rfc9110#section-14.2
import { type HalfOpenRange, parseRange, satisfyRange } from '../../protocol/s3/range.ts'
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
