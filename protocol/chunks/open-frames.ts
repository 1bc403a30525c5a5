// Opening of sealed frames, the other direction of `seal-chunk.ts`. The frames' CRC-32C is for those
// who hold no key (data nodes check it); here the GCM tag decides.
import assert from 'node:assert'
import { createDecipheriv, type KeyObject } from 'node:crypto'
import {
  blockBytes,
  blockCount,
  blockCrcBytes,
  type FrameRange,
  frameBytesMax,
  tagBytes,
} from './chunk-ref.ts'
import { blockNonce } from './seal-chunk.ts'

/** Frames that are not what was sealed at that place of that chunk. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame'
}

/**
 * Decrypts frames `first` to `first + count`, one buffer of plaintext per frame. Throws `BadFrame`
 * when one was altered, moved, cut, or belongs to another chunk.
 */
export function openFrames(key: KeyObject, range: FrameRange, frames: Buffer): Buffer[] {
  const last = blockCount(range.length) - 1
  const blocks: Buffer[] = []
  let at = 0
  for (let number = range.first; number < range.first + range.count; number += 1) {
    assert(number <= last, 'frames past the end of the chunk')
    const plainBytes = number < last ? blockBytes : range.length - last * blockBytes
    const end = at + plainBytes + tagBytes + blockCrcBytes
    if (frames.length < end) throw new BadFrame(`frame ${number} is cut short`)
    blocks.push(openBlock(key, blockNonce(number, number === last), frames.subarray(at, end)))
    at = end
  }
  if (frames.length !== at) throw new BadFrame(`${frames.length - at} bytes after the last frame`)
  return blocks
}

function openBlock(key: KeyObject, nonce: Buffer, frame: Buffer): Buffer {
  assert(frame.length <= frameBytesMax, 'a frame larger than any')
  const tagAt = frame.length - blockCrcBytes - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAuthTag(frame.subarray(tagAt, tagAt + tagBytes))
  const block = decipher.update(frame.subarray(0, tagAt))
  try {
    decipher.final()
  } catch (cause) {
    throw new BadFrame(`frame ${nonce.readUInt32BE(0)} does not open`, { cause })
  }
  return block
}
