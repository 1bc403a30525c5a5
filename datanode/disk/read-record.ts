// Reads one chunk's record, or some frames of it, and checks what was read.
import { strict as assert } from 'node:assert'
import {
  type BlobRef,
  blockCount,
  type FrameRange,
  sealedBytes,
} from '../../protocol/chunks/chunk-ref.ts'
import { digestFrames, framesIntact, framesSpan } from '../../protocol/chunks/frame-crc.ts'
import type { BlobRead } from '../blob-store.ts'
import type { Place } from './chunk-index.ts'
import { type ChunkRecord, namesChunk, recordHeaderBytes } from './segment-format.ts'
import { errorCode, type VfsFile } from './vfs.ts'

/** Frames of a chunk whose record lies at `place`. */
export type PlacedFrames = {
  readonly ref: BlobRef
  readonly place: Place
  readonly range: FrameRange
}

/** Bytes of a segment file. */
export type Span = { readonly start: number; readonly bytes: number }

type Checked = Exclude<BlobRead, { is: 'absent' }>

/** Larger buffers are not cut from the shared pool. */
const pooledBytesMax = 4096

/** `into`: used if it is large enough. */
export async function readFrames(
  file: VfsFile,
  placed: PlacedFrames,
  into?: Buffer,
): Promise<Checked> {
  const span = spanToRead(placed)
  if (span === undefined) return { is: 'corrupt' }
  return checkFrames(await readSpan(file, span, into), placed)
}

/**
 * What is to be read for the frames: with the first of them the header too, which must name the chunk.
 * `undefined`: the record is not of the length that is asked for.
 */
export function spanToRead({ place, range }: PlacedFrames): Span | undefined {
  assert(
    range.first >= 0 && range.count > 0 && range.first + range.count <= blockCount(range.length),
    'frames outside the chunk are asked for',
  )
  if (place.length !== range.length) return undefined
  const { start, bytes } = framesSpan(range)
  const skip = headerBytesRead(range)
  return { start: place.offset + recordHeaderBytes - skip + start, bytes: skip + bytes }
}

/** The bytes of a span, fewer at the end of the file. `into`: used if it is large enough. */
export async function readSpan(
  file: VfsFile,
  { start, bytes }: Span,
  into?: Buffer,
): Promise<Buffer> {
  const memory = memoryFor(bytes, into)
  return memory.subarray(0, await file.read(memory, start))
}

function memoryFor(bytes: number, lent: Buffer | undefined): Buffer {
  if (lent !== undefined && lent.length >= bytes) return lent.subarray(0, bytes)
  return bytes <= pooledBytesMax ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes)
}

/** `bytes`: what was read of the frames' span. */
export function checkFrames(bytes: Buffer, { ref, place, range }: PlacedFrames): Checked {
  const skip = headerBytesRead(range)
  if (skip > 0 && !namesChunk(bytes, { ref, ...place })) return { is: 'corrupt' }
  const frames = bytes.subarray(skip)
  return framesIntact(frames, range) ? { is: 'found', frames } : { is: 'corrupt' }
}

function headerBytesRead({ first }: FrameRange): number {
  return first === 0 ? recordHeaderBytes : 0
}

/** True when all of a chunk reads from there. A sector that the disk cannot read is as bad as wrong bytes. */
export async function readsAt(file: VfsFile, ref: BlobRef, place: Place): Promise<boolean> {
  const { length } = place
  const range = { first: 0, count: blockCount(length), length }
  try {
    return (await readFrames(file, { ref, place, range })).is === 'found'
  } catch (cause) {
    if (errorCode(cause) !== 'EIO') throw cause
    return false
  }
}

/**
 * All frames of a record. `undefined`: they are not the ones its header was written for. `into`: used if
 * it is large enough.
 */
export async function readWholeRecord(
  file: VfsFile,
  record: ChunkRecord,
  into?: Buffer,
): Promise<Buffer | undefined> {
  const frames = memoryFor(sealedBytes(record.length), into)
  const got = await file.read(frames, record.offset + recordHeaderBytes)
  const whole = { first: 0, count: blockCount(record.length), length: record.length }
  if (got < frames.length || digestFrames(frames, whole) !== record.framesDigest) return undefined
  return frames
}
