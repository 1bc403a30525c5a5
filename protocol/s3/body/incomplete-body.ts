// The one error of bodies that are not framed as they must be, or not as long as was said: `IncompleteBody`,
// as S3 answers it. Signatures and well-framed trailers have errors of their own.
import { S3Error } from '../s3-error.ts'

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
