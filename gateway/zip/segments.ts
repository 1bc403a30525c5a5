// An archive in parts, for clients that fetch several at once by `partNumber`: all of one size but the
// last, which follows from the archive's length alone.
import { partNumberMax } from '../../protocol/s3/limits.ts'
import type { HalfOpenRange } from '../../protocol/s3/range.ts'
import { partBytesMin } from './zip-limits.ts'

/** Bytes of every part but the last: at most 10,000 parts make an archive. */
export function partBytes(totalBytes: number): number {
  let bytes = partBytesMin
  while (Math.ceil(totalBytes / bytes) > partNumberMax) bytes *= 2
  return bytes
}

export function partCount(totalBytes: number): number {
  return Math.ceil(totalBytes / partBytes(totalBytes))
}

/** Undefined: the archive has no such part. `number` counts from 1. */
export function partRange(totalBytes: number, number: number): HalfOpenRange | undefined {
  const bytes = partBytes(totalBytes)
  const start = (number - 1) * bytes
  return start < totalBytes ? { start, end: Math.min(totalBytes, start + bytes) } : undefined
}
