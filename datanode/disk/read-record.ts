// Reads one chunk's record, or some frames of it, and checks what was read.
import { strict as assert } from 'node:assert'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { blockCount, sealedBytes } from '../../protocol/chunks/chunk-ref.ts'
import type { BlobRead } from '../blob-store.ts'
import type { Place } from './chunk-index.ts'
import { digestFrames, type FrameRange, framesIntact, framesSpan } from './frame-crc.ts'
import { type ChunkRecord, namesChunk, recordHeaderBytes } from './segment-format.ts'
import type { VfsFile } from './vfs.ts'

/** Larger buffers are not cut from the shared pool. */
const pooledBytesMax = 4096

/** With the first frames the header is read too, and must name the chunk. */
export async function readFrames(
  file: VfsFile,
  { ref, place, range }: { ref: BlobRef; place: Place; range: FrameRange },
): Promise<Exclude<BlobRead, { is: 'absent' }>> {
  assert(
    range.first >= 0 && range.count > 0 && range.first + range.count <= blockCount(range.length),
    'frames outside the chunk are asked for',
  )
  if (place.length !== range.length) return { is: 'corrupt' }
  const span = framesSpan(range)
  const skip = range.first === 0 ? recordHeaderBytes : 0
  const wanted = skip + span.bytes
  const into =
    wanted <= pooledBytesMax ? Buffer.allocUnsafe(wanted) : Buffer.allocUnsafeSlow(wanted)
  const got = await file.read(into, place.offset + recordHeaderBytes - skip + span.start)
  if (got < wanted) return { is: 'corrupt' }
  if (skip > 0 && !namesChunk(into, { ref, offset: place.offset })) return { is: 'corrupt' }
  const frames = into.subarray(skip)
  return framesIntact(frames, range) ? { is: 'found', frames } : { is: 'corrupt' }
}

/** All frames of a record. `undefined`: they are not the ones its header was written for. */
export async function readWholeRecord(
  file: VfsFile,
  record: ChunkRecord,
): Promise<Buffer | undefined> {
  const frames = Buffer.allocUnsafeSlow(sealedBytes(record.length))
  const got = await file.read(frames, record.offset + recordHeaderBytes)
  const whole = { first: 0, count: blockCount(record.length), length: record.length }
  if (got < frames.length || digestFrames(frames, whole) !== record.framesDigest) return undefined
  return frames
}
