// The file of a form upload as the body of a PutObject, held to the sizes its policy allows.
import assert from 'node:assert'
import { guardFileSize } from '../../../protocol/s3/body/length-guard.ts'
import type { FileSizeRange } from '../../../protocol/s3/sigv4/post-policy.ts'
import type { RequestBody } from '../operation.ts'

/** The stream throws `EntityTooLarge` and, at its end, `EntityTooSmall`. */
export function formFileBody(file: AsyncIterable<Buffer>, sizes: FileSizeRange): RequestBody {
  return {
    decodedBytes: undefined,
    expectedSha256: undefined,
    announcedTrailers: [],
    stream: () => guardFileSize(file, sizes),
    trailer: () => undefined,
    bytes: () => assert.fail('the file of a form is only streamed'),
  }
}
