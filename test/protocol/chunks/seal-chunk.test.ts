import assert from 'node:assert'
import { crc32c } from '@node-rs/crc32'
import { chunkIdOf, nameChunk } from '../../../protocol/chunks/chunk-id.ts'
import { chunkKey } from '../../../protocol/chunks/chunk-keys.ts'
import {
  blockBytes,
  blockCount,
  chunkBytesMax,
  frameBytesMax,
  sealedBytes,
} from '../../../protocol/chunks/chunk-ref.ts'
import { newGeneration } from '../../../protocol/chunks/new-generation.ts'
import { BadFrame, openFrames } from '../../../protocol/chunks/open-frames.ts'
import { sealBlocks, sealChunk } from '../../../protocol/chunks/seal-chunk.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { testChunkKeys } from './test-chunk-keys.ts'

const random = seededBytes()
const keys = testChunkKeys(random.bytes(96))

function sealed(plaintext: Buffer) {
  const id = chunkIdOf(keys, plaintext)
  const key = chunkKey(keys, id)
  return { id, key, frames: Buffer.concat(sealChunk(key, plaintext)) }
}

const whole = (length: number) => ({ first: 0, count: blockCount(length), length })

describe('sealing of chunks', (test) => {
  const lengths = [1, 2, 4097, blockBytes - 1, blockBytes, blockBytes + 1, 3 * blockBytes, 200_000]
  for (const length of [...lengths, chunkBytesMax - 1, chunkBytesMax]) {
    test(`${length} bytes seal to the length told beforehand and open again`, () => {
      const plaintext = random.bytes(length)
      const { key, frames } = sealed(plaintext)
      assert.equal(frames.length, sealedBytes(length))
      const opened = Buffer.concat(openFrames(key, whole(length), frames))
      assert.ok(opened.equals(plaintext))
    })
  }

  test('equal chunks seal to equal bytes, in one go or in steps', () => {
    const plaintext = random.bytes(5 * blockBytes + 17)
    const { key, frames } = sealed(plaintext)
    const chunk = { length: plaintext.length, first: 0 }
    const steps = [
      ...sealBlocks(key, chunk, plaintext.subarray(0, 2 * blockBytes)),
      ...sealBlocks(key, { ...chunk, first: 2 }, plaintext.subarray(2 * blockBytes)),
    ]
    assert.ok(Buffer.concat(steps).equals(frames))
    assert.ok(sealed(plaintext).frames.equals(frames))
  })

  test('every frame ends with the CRC-32C of its ciphertext and tag', () => {
    const { frames } = sealed(random.bytes(2 * blockBytes + 5))
    for (let at = 0; at < frames.length; at += frameBytesMax) {
      const frame = frames.subarray(at, at + frameBytesMax)
      const crcAt = frame.length - 4
      assert.equal(frame.readUInt32LE(crcAt), crc32c(frame.subarray(0, crcAt)))
    }
  })

  test('a run of frames in the middle opens alone', () => {
    const plaintext = random.bytes(7 * blockBytes + 100)
    const { key, frames } = sealed(plaintext)
    const range = { first: 3, count: 2, length: plaintext.length }
    const part = frames.subarray(3 * frameBytesMax, 5 * frameBytesMax)
    const opened = Buffer.concat(openFrames(key, range, part))
    assert.ok(opened.equals(plaintext.subarray(3 * blockBytes, 5 * blockBytes)))
  })

  test('shared memory seals as any other', () => {
    const plaintext = random.bytes(blockBytes + 1)
    const shared = Buffer.from(new SharedArrayBuffer(plaintext.length))
    plaintext.copy(shared)
    const { id, key, frames } = sealed(plaintext)
    assert.ok(chunkIdOf(keys, shared).equals(id))
    assert.ok(Buffer.concat(sealChunk(key, shared)).equals(frames))
  })
})

describe('frames that are not what was sealed there', (test) => {
  const plaintext = random.bytes(4 * blockBytes + 1000)
  const { key, frames } = sealed(plaintext)
  const range = whole(plaintext.length)
  const refuses = (what: Buffer, of = range) =>
    assert.throws(() => openFrames(key, of, what), BadFrame)

  test('a flipped bit anywhere but in the CRC-32C is refused', () => {
    for (let round = 0; round < 200; round += 1) {
      const number = random.integer(range.count)
      const frame = frames.subarray(number * frameBytesMax, (number + 1) * frameBytesMax)
      const altered = Buffer.from(frames)
      const at = number * frameBytesMax + random.integer(frame.length - 4)
      altered[at] = (altered[at] ?? 0) ^ (1 << random.integer(8))
      refuses(altered)
    }
  })

  test('swapped frames are refused', () => {
    const swapped = Buffer.from(frames)
    frames.copy(swapped, 0, frameBytesMax, 2 * frameBytesMax)
    frames.copy(swapped, frameBytesMax, 0, frameBytesMax)
    refuses(swapped)
  })

  test('a frame asked for under another number is refused', () => {
    refuses(frames.subarray(frameBytesMax, 2 * frameBytesMax), { ...range, first: 2, count: 1 })
  })

  test('a chunk cut after a whole frame does not pass for a shorter chunk', () => {
    refuses(frames.subarray(0, 2 * frameBytesMax), whole(2 * blockBytes))
  })

  test('frames cut short or with bytes after them are refused', () => {
    refuses(frames.subarray(0, frames.length - 1))
    refuses(frames.subarray(0, 2 * frameBytesMax))
    refuses(Buffer.concat([frames, Buffer.alloc(1)]))
    refuses(Buffer.alloc(0))
  })

  test('a frame of another chunk of the same length is refused', () => {
    const other = sealed(random.bytes(plaintext.length))
    const mixed = Buffer.from(frames)
    other.frames.copy(mixed, 0, 0, frameBytesMax)
    refuses(mixed)
  })

  test('frames of another tenant are refused', () => {
    const others = testChunkKeys(random.bytes(96))
    const otherKey = chunkKey(others, chunkIdOf(keys, plaintext))
    assert.throws(() => openFrames(otherKey, range, frames), BadFrame)
  })
})

describe('names of chunks', (test) => {
  const idKeyed = random.bytes(96)

  test('equal content has an equal id, however it came in pieces', () => {
    const plaintext = random.bytes(100_000)
    const namer = nameChunk(keys)
    namer.update(plaintext.subarray(0, 1))
    namer.update(plaintext.subarray(1, 70_000))
    namer.update(plaintext.subarray(70_000))
    assert.ok(namer.name().equals(chunkIdOf(keys, plaintext)))
  })

  test('names do not depend on what was named, or begun and dropped, before', () => {
    const plaintext = random.bytes(1000)
    const id = chunkIdOf(testChunkKeys(idKeyed), plaintext)
    const keyed = testChunkKeys(idKeyed)
    const { names } = keyed
    chunkIdOf(keyed, random.bytes(5000))
    const dropped = names.begin()
    dropped.update(random.bytes(300))
    dropped.drop()
    const [one, two] = [names.begin(), names.begin()]
    one.update(plaintext)
    two.update(random.bytes(10))
    assert.ok(one.name().equals(id))
    assert.ok(chunkIdOf(keyed, plaintext).equals(id))
  })

  test('another tenant gives equal content another id', () => {
    const plaintext = random.bytes(5000)
    const others = testChunkKeys(random.bytes(96))
    assert.ok(!chunkIdOf(others, plaintext).equals(chunkIdOf(keys, plaintext)))
  })

  test('a generation is a number of 48 bits', () => {
    assert.equal(
      newGeneration(() => Buffer.alloc(6, 0xff)),
      2 ** 48 - 1,
    )
    assert.equal(
      newGeneration(() => Buffer.from('000000000100', 'hex')),
      256,
    )
  })
})
