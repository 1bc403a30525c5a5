// The length of bodies: exactly as declared, or within a range; and the one error of those that are not framed
// as they must be, or not as long as was said. Signatures and well-framed trailers have errors of their own.
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

/** A body that was cut off, or whose chunks do not add up. */
export function brokenFraming(): S3Error {
  return new S3Error('IncompleteBody', undefined, {
    message: 'The request body terminated unexpectedly',
  })
}

/** A body well framed, of another length than was said. Bytes of its plain data. */
export function wrongLength(expected: number, provided: number): S3Error {
  return new S3Error('IncompleteBody', {
    NumberBytesExpected: String(expected),
    NumberBytesProvided: String(provided),
  })
}
