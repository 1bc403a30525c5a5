// Which of many reads are done as one: those of one segment that lie close together. Pure code.
import type { Span } from './read-record.ts'
import type { SegmentId } from './segment-format.ts'

/** Bytes between two reads that are read for nothing rather than in two calls. */
const gapBytesMax = 32 * 1024
/** Bytes of a read that was joined. One that is longer by itself stays alone. */
const joinedBytesMax = 1024 * 1024

export type SegmentSpan = { readonly segment: SegmentId; readonly span: Span }
export type JoinedRead<T> = SegmentSpan & { readonly of: readonly T[] }

/**
 * In the order of the disk. No joined read takes more than twice the bytes that were asked for, so
 * that whoever bounds these has bounded the memory too.
 */
export function joinReads<T extends SegmentSpan>(reads: readonly T[]): readonly JoinedRead<T>[] {
  const ordered = [...reads].sort((a, b) => a.segment - b.segment || a.span.start - b.span.start)
  const joined: JoinedRead<T>[] = []
  let current: OpenRead<T> | undefined
  for (const read of ordered) {
    if (current?.tryAdd(read) === true) continue
    if (current !== undefined) joined.push(current.done())
    current = new OpenRead(read)
  }
  if (current !== undefined) joined.push(current.done())
  return joined
}

/** One that may still grow. */
class OpenRead<T extends SegmentSpan> {
  private readonly first: T
  private readonly of: T[]
  private end: number
  private wantedBytes: number
  private gapBytes = 0

  constructor(first: T) {
    this.first = first
    this.of = [first]
    this.end = first.span.start + first.span.bytes
    this.wantedBytes = first.span.bytes
  }

  /** `read` begins where the last one does, or behind it. */
  tryAdd(read: T): boolean {
    if (read.segment !== this.first.segment) return false
    const { start, bytes } = read.span
    const end = Math.max(this.end, start + bytes)
    const gap = Math.max(start - this.end, 0)
    const wantedBytes = this.wantedBytes + end - this.end - gap
    if (gap > gapBytesMax || this.gapBytes + gap > wantedBytes) return false
    if (end - this.first.span.start > joinedBytesMax && end > this.end) return false
    this.of.push(read)
    this.end = end
    this.gapBytes += gap
    this.wantedBytes = wantedBytes
    return true
  }

  done(): JoinedRead<T> {
    const { segment, span } = this.first
    return { segment, span: { start: span.start, bytes: this.end - span.start }, of: this.of }
  }
}
