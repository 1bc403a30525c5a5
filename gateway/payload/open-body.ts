// The body of a GET. Its first bytes are read before anything is answered, so that data which cannot
// be read makes an error reply, and only what fails later breaks a transfer off.
import type { ObjectVersion } from '../../metadata/records.ts'
import type { HalfOpenRange } from '../../protocol/s3/range.ts'
import { readBatches, readInline } from '../objects/object-reader.ts'
import type { Call, ReplyBody } from '../operation.ts'

type Batches = AsyncGenerator<readonly Buffer[], void, void>

/** To be sent or dropped; it can be opened once. Throws `UnreadableData`. */
export async function openBody(
  call: Call,
  version: ObjectVersion,
  range: HalfOpenRange,
): Promise<ReplyBody> {
  const inline = readInline(call.keys, version, range)
  if (inline !== undefined) return inline
  const { metadata, blobs } = call.services
  const batches = readBatches({ metadata, blobs, tenantKeys: call.keys }, version, range)
  const first = await batches.next()
  return { bytes: range.end - range.start, open: () => resume(first, batches) }
}

async function* resume(first: IteratorResult<readonly Buffer[], void>, rest: Batches): Batches {
  try {
    if (first.done !== true) yield first.value
    yield* rest
  } finally {
    await rest.return()
  }
}
