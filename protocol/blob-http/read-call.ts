// The call that reads frames of one chunk or of many, and its answer: an outcome for each, then the frames of those that
// were found. How long these are follows from the call, so that an answer that was cut is never taken for a whole one.
import {
  type BlobRef,
  blockCount,
  chunkBytesMax,
  type FrameRange,
  sealedBytes,
} from '../chunks/chunk-ref.ts'
import { framesIntact, framesSpan } from '../chunks/frame-crc.ts'
import { BadBlobMessage, type CallCheck, checkBytes, openAnswer, openCall } from './checked-head.ts'
import { readOutcomes } from './outcomes.ts'
import { refAt, wireRefBytes, writeRef } from './wire-refs.ts'

export type WireWanted = { readonly ref: BlobRef; readonly range: FrameRange }

export type WireRead =
  | { readonly is: 'found'; readonly frames: Buffer }
  | { readonly is: 'absent' | 'corrupt' | 'unavailable' }

const wantedBytes = wireRefBytes + 4 + 2 + 2

/** Chunks that one call may name. */
export const wantedMax = 1000
/** Of the frames that one call may ask for: any one chunk, and four whole ones. */
export const framesWantedMax = 4 * sealedBytes(chunkBytesMax)
export const readCallBytesMax = checkBytes + wantedMax * wantedBytes

/** Of an answer, before the frames. */
export function readAnswerHeadBytes(wanted: readonly WireWanted[]): number {
  return checkBytes + wanted.length
}

export function framesWanted(wanted: readonly WireWanted[]): number {
  return wanted.reduce((sum, { range }) => sum + framesSpan(range).bytes, 0)
}

export function encodeWanted(wanted: readonly WireWanted[]): Buffer {
  const head = Buffer.allocUnsafe(wanted.length * wantedBytes)
  for (const [index, { ref, range }] of wanted.entries()) {
    const at = index * wantedBytes
    writeRef(ref, head, at)
    head.writeUInt32BE(range.length, at + wireRefBytes)
    head.writeUInt16BE(range.first, at + wireRefBytes + 4)
    head.writeUInt16BE(range.count, at + wireRefBytes + 6)
  }
  return head
}

export type ReadCall = { readonly wanted: readonly WireWanted[]; readonly check: CallCheck }

/** Throws `BadBlobMessage`. */
export function parseReadCall(body: Buffer): ReadCall {
  const { head, check } = openCall('read', body)
  const count = head.length / wantedBytes
  if (!Number.isInteger(count) || count < 1 || count > wantedMax) {
    throw new BadBlobMessage(`${head.length} bytes do not say what is wanted`)
  }
  const own = Buffer.from(head)
  const wanted = Array.from({ length: count }, (_, index) => wantedAt(own, index * wantedBytes))
  if (framesWanted(wanted) > framesWantedMax) throw new BadBlobMessage('too much is wanted at once')
  return { wanted, check }
}

function wantedAt(head: Buffer, at: number): WireWanted {
  const range = {
    first: head.readUInt16BE(at + wireRefBytes + 4),
    count: head.readUInt16BE(at + wireRefBytes + 6),
    length: head.readUInt32BE(at + wireRefBytes),
  }
  if (!isFrameRange(range)) throw new BadBlobMessage('frames that no chunk has')
  return { ref: refAt(head, at), range }
}

/** Whether a chunk may have such frames. */
export function isFrameRange({ first, count, length }: FrameRange): boolean {
  if (length < 1 || length > chunkBytesMax) return false
  return first >= 0 && count >= 1 && first + count <= blockCount(length)
}

/** Frames are views of `answer`; each has passed its CRC-32C. Throws `BadBlobMessage`. */
export function parseReadAnswer(
  answer: Buffer,
  wanted: readonly WireWanted[],
  call: CallCheck,
): readonly WireRead[] {
  const head = openAnswer(answer, call, wanted.length)
  const outcomes = readOutcomes.parse(head, wanted.length)
  let at = readAnswerHeadBytes(wanted)
  const reads = wanted.map(({ range }, index): WireRead => {
    const is = outcomes[index] ?? 'unavailable'
    if (is !== 'found') return { is }
    const { bytes } = framesSpan(range)
    const frames = answer.subarray(at, at + bytes)
    at += bytes
    if (!framesIntact(frames, range)) throw new BadBlobMessage('frames were changed on their way')
    return { is, frames }
  })
  if (at !== answer.length) throw new BadBlobMessage('an answer of a wrong length')
  return reads
}
