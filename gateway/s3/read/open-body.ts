// The body of a GET. Its first bytes are read before anything is answered, so that data which cannot
// be read makes an error reply, and only what fails later breaks a transfer off.
import type { HalfOpenRange } from '../../../protocol/s3/range.ts'
import type { Batch, Batches } from '../../data/buffers/batch.ts'
import { readBatches, readInline } from '../../data/read/object-reader.ts'
import type { ReadHold } from '../../data/read/read-leases.ts'
import type { ReplyBody } from '../../reply.ts'
import type { BucketCall } from '../operation.ts'
import type { FoundVersion } from './find-version.ts'
import { holdVersion } from './use-version.ts'

/** Frames of 64 KiB that all bodies under way may read at once, 32 MiB; and one of them, 1 MiB. */
const framesMax = 512
const framesOfOneMax = 16

/** Readers that stand still keep what was read for them: the more there are, the less each gets. */
function framesFor(readers: number): number {
  return Math.min(framesOfOneMax, Math.max(1, Math.floor(framesMax / Math.max(1, readers))))
}

/** What the first batch holds is in memory when the reply begins, and needs no hold. */
const unheldBytesMax = 1024 * 1024

/**
 * To be sent or dropped; it can be opened once. Throws `UnreadableData`, and `VersionGone` when the
 * version went since it was found.
 */
export async function openBody(
  call: BucketCall,
  found: FoundVersion,
  range: HalfOpenRange,
): Promise<ReplyBody> {
  const { version, keys } = found
  const inline = readInline(keys, version, range)
  if (inline !== undefined) return inline
  const hold =
    range.end - range.start <= unheldBytesMax ? undefined : await holdVersion(call, found)
  const { metadata, blobs, readLeases } = call.services
  const framesAtOnce = () => framesFor(readLeases.held)
  const parts = { metadata, blobs, tenantKeys: keys, framesAtOnce }
  const batches = readBatches(parts, version, range)
  try {
    const first = await batches.next()
    return {
      bytes: range.end - range.start,
      open: () => resume(first, batches, hold),
      drop: async () => {
        hold?.release()
        await batches.return()
      },
    }
  } catch (cause) {
    hold?.release()
    throw cause
  }
}

async function* resume(
  first: IteratorResult<Batch, void>,
  rest: Batches,
  hold: ReadHold | undefined,
): Batches {
  try {
    if (first.done !== true) yield first.value
    yield* rest
  } finally {
    await rest.return()
    hold?.release()
  }
}
