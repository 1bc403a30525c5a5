// Checks the CRC-32C that ends every frame (`chunk-ref.ts`), without keys.
import { crc32c } from '@node-rs/crc32'
import {
  blockBytes,
  blockCount,
  blockCrcBytes,
  type FrameRange,
  frameBytesMax,
  sealedBytes,
  tagBytes,
} from './chunk-ref.ts'

/** Where frames lie within a chunk's sealed bytes. */
export function framesSpan(range: FrameRange): { start: number; bytes: number } {
  const start = range.first * frameBytesMax
  const last = range.first + range.count === blockCount(range.length)
  const end = last ? sealedBytes(range.length) : (range.first + range.count) * frameBytesMax
  return { start, bytes: end - start }
}

/** True when every frame in `frames`, which hold exactly this range, passes its CRC. */
export function framesIntact(frames: Buffer, range: FrameRange): boolean {
  return digestFrames(frames, range) !== undefined
}

/** CRC-32C over the CRCs of the frames. `undefined`: a frame fails its own. */
export function digestFrames(frames: Buffer, range: FrameRange): number | undefined {
  if (frames.length !== framesSpan(range).bytes) return undefined
  let digest = 0
  for (let at = 0; at < frames.length; at += frameBytesMax) {
    const crcAt = Math.min(at + frameBytesMax, frames.length) - blockCrcBytes
    if (crc32c(frames.subarray(at, crcAt)) !== frames.readUInt32LE(crcAt)) return undefined
    digest = crc32c(frames.subarray(crcAt, crcAt + blockCrcBytes), digest)
  }
  return digest
}

/** `digestFrames` of a whole chunk that is cut into pieces anywhere. */
export function digestPieces(pieces: readonly Uint8Array[], length: number): number | undefined {
  let digest = 0
  let crc = 0
  let block = 0
  let atInFrame = 0
  const stored = Buffer.alloc(blockCrcBytes)
  const blocks = blockCount(length)
  for (const piece of pieces) {
    let at = 0
    while (at < piece.length) {
      if (block === blocks) return undefined
      const crcAt = Math.min(blockBytes, length - block * blockBytes) + tagBytes
      if (atInFrame < crcAt) {
        const take = Math.min(crcAt - atInFrame, piece.length - at)
        crc = crc32c(piece.subarray(at, at + take), crc)
        at += take
        atInFrame += take
        continue
      }
      stored[atInFrame - crcAt] = piece[at] ?? 0
      at += 1
      atInFrame += 1
      if (atInFrame < crcAt + blockCrcBytes) continue
      if (stored.readUInt32LE(0) !== crc) return undefined
      digest = crc32c(stored, digest)
      block += 1
      atInFrame = 0
      crc = 0
    }
  }
  return block === blocks ? digest : undefined
}
