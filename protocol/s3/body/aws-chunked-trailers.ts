// The trailing headers at the end of an aws-chunked body: framing, names, and their signature.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
import { S3Error } from '../s3-error.ts'
import { trailerSignature } from '../sigv4/chunk-signatures.ts'
import { isSameSignature } from '../sigv4/verify-signature.ts'
import type { AwsChunkedOptions } from './aws-chunked-options.ts'

/** Values by lower-case name, those that `x-amz-trailer` declared and no others. */
export type Trailers = ReadonlyMap<string, string>

const signatureName = 'x-amz-trailer-signature'

/**
 * `section` is all that follows the header of the last chunk, up to the line feed that ends the body.
 * `previousSignature` is that chunk's. Throws
 * `MalformedTrailerError` for trailers that are malformed or not those declared, `SignatureDoesNotMatch`.
 */
export function parseTrailers(
  section: string,
  options: AwsChunkedOptions,
  previousSignature: string,
): Trailers {
  const lines = splitLines(section)
  const trailers = new Map<string, string>()
  let canonical = ''
  let signature: string | undefined
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon <= 0) throw malformedTrailer()
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (signature !== undefined || trailers.has(name)) throw malformedTrailer()
    if (name === signatureName) {
      signature = value
      continue
    }
    trailers.set(name, value)
    canonical += `${name}:${value}\n`
  }
  requireDeclared(trailers, options.trailerNames ?? [])
  if (options.signing === undefined || options.trailerNames === undefined) {
    if (signature !== undefined) throw malformedTrailer()
    return trailers
  }
  if (signature === undefined) throw malformedTrailer()
  const expected = trailerSignature(options.signing, previousSignature, canonical)
  if (!isSameSignature(expected, signature)) throw new S3Error('SignatureDoesNotMatch')
  return trailers
}

// Clients disagree on where an empty line goes beside the one at the end: before the trailers, before their
// signature. HTTP frames the whole body, so nothing can hide behind one, and all are skipped.
function splitLines(section: string): readonly string[] {
  return section
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => line !== '')
}

function requireDeclared(trailers: Trailers, declared: readonly string[]): void {
  const isAsDeclared =
    trailers.size === declared.length && declared.every((name) => trailers.has(name))
  if (!isAsDeclared) throw malformedTrailer()
}

function malformedTrailer(): S3Error {
  return new S3Error('MalformedTrailerError')
}
