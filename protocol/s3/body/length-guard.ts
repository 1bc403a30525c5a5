// Bodies that come as they are: exactly as long as declared, or within a range.
import { S3Error } from '../s3-error.ts'
import type { FileSizeRange } from '../sigv4/post-policy.ts'

/**
 * Passes the body on. Throws `IncompleteBody` when it ends before `contentLength` bytes or goes on after
 * them.
 */
export async function* guardLength(
  source: AsyncIterable<Buffer>,
  contentLength: number,
): AsyncGenerator<Buffer, void, undefined> {
  let length = 0
  for await (const bytes of source) {
    length += bytes.length
    if (length > contentLength) throw new S3Error('IncompleteBody')
    yield bytes
  }
  if (length < contentLength) throw new S3Error('IncompleteBody')
}

/** Passes the file of a form on. Throws `EntityTooLarge` as soon as it is, `EntityTooSmall` at its end. */
export async function* guardFileSize(
  source: AsyncIterable<Buffer>,
  range: FileSizeRange,
): AsyncGenerator<Buffer, void, undefined> {
  let length = 0
  for await (const bytes of source) {
    length += bytes.length
    if (length > range.max) {
      throw new S3Error('EntityTooLarge', {
        ProposedSize: String(length),
        MaxSizeAllowed: String(range.max),
      })
    }
    yield bytes
  }
  if (length < range.min) {
    throw new S3Error('EntityTooSmall', {
      ProposedSize: String(length),
      MinSizeAllowed: String(range.min),
    })
  }
}
