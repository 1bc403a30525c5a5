// The file of a form upload as the body of a PutObject, held to the sizes its policy allows.
import assert from 'node:assert'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { FileSizeRange } from '../../../protocol/s3/sigv4/post-policy.ts'
import type { RequestBody } from '../operation.ts'

/** The stream throws `EntityTooLarge` and, at its end, `EntityTooSmall`. */
export function formFileBody(file: AsyncIterable<Buffer>, sizes: FileSizeRange): RequestBody {
  return {
    decodedBytes: undefined,
    expectedSha256: undefined,
    announcedTrailers: [],
    stream: () => heldTo(file, sizes),
    trailer: () => undefined,
    bytes: () => assert.fail('the file of a form is only streamed'),
  }
}

async function* heldTo(
  file: AsyncIterable<Buffer>,
  { min, max }: FileSizeRange,
): AsyncGenerator<Buffer, void, void> {
  let size = 0
  for await (const piece of file) {
    size += piece.length
    if (size > max) {
      throw new S3Error('EntityTooLarge', { ProposedSize: `${size}`, MaxSizeAllowed: `${max}` })
    }
    yield piece
  }
  if (size < min) {
    throw new S3Error('EntityTooSmall', { ProposedSize: `${size}`, MinSizeAllowed: `${min}` })
  }
}
