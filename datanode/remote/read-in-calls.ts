// Reads of many chunks, cut into calls that a node takes: so many chunks, so many bytes of frames.
import { framesWantedMax, wantedMax } from '../../protocol/blob-http/read-call.ts'
import { framesSpan } from '../../protocol/chunks/frame-crc.ts'
import type { BlobRead, BlobReadCall, WantedFrames } from '../blob-store.ts'

type ReadAtOnce = (
  wanted: readonly WantedFrames[],
  call: BlobReadCall | undefined,
) => Promise<readonly BlobRead[]>

/** In the order asked. Memory that is lent is the first call's. Ends only when every call has. */
export async function readInCalls(
  wanted: readonly WantedFrames[],
  call: BlobReadCall | undefined,
  readAtOnce: ReadAtOnce,
): Promise<readonly BlobRead[]> {
  const ends = await Promise.allSettled(
    inParts(wanted).map((part, index) =>
      readAtOnce(part, index === 0 ? call : { signal: call?.signal }),
    ),
  )
  return ends.flatMap((end) => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}

function inParts(wanted: readonly WantedFrames[]): readonly (readonly WantedFrames[])[] {
  const parts: WantedFrames[][] = []
  let part: WantedFrames[] = []
  let bytes = 0
  for (const one of wanted) {
    const more = framesSpan(one.range).bytes
    if (part.length > 0 && (part.length === wantedMax || bytes + more > framesWantedMax)) {
      parts.push(part)
      part = []
      bytes = 0
    }
    part.push(one)
    bytes += more
  }
  if (part.length > 0) parts.push(part)
  return parts
}
