// The call that stores a chunk: its name and its length, then its frames as they are.
import { type BlobRef, chunkBytesMax, sealedBytes } from '../chunks/chunk-ref.ts'
import { BadBlobMessage, type CallCheck, checkBytes, openCall } from './checked-head.ts'
import { refAt, wireRefBytes, writeRef } from './wire-refs.ts'

const headBytes = wireRefBytes + 4
export const writeCallBytesMax = checkBytes + headBytes + sealedBytes(chunkBytesMax)

export type WriteCall = {
  readonly ref: BlobRef
  readonly length: number
  /** A view of the call's memory. */
  readonly frames: Buffer
  readonly check: CallCheck
}

export function encodeWriteHead(ref: BlobRef, length: number): Buffer {
  const head = Buffer.allocUnsafe(headBytes)
  writeRef(ref, head, 0)
  head.writeUInt32BE(length, wireRefBytes)
  return head
}

/** Throws `BadBlobMessage`. The frames are as long as they should be; their CRCs are not looked at. */
export function parseWriteCall(body: Buffer): WriteCall {
  const { head, check } = openCall('write', body, headBytes)
  const length = head.readUInt32BE(wireRefBytes)
  if (length < 1 || length > chunkBytesMax) throw new BadBlobMessage(`a chunk of ${length} bytes`)
  const frames = body.subarray(checkBytes + headBytes)
  if (frames.length !== sealedBytes(length)) {
    throw new BadBlobMessage(`${frames.length} bytes of frames for a chunk of ${length} bytes`)
  }
  return { ref: refAt(Buffer.from(head), 0), length, frames, check }
}
