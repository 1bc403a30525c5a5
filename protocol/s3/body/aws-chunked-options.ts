// What the headers of a request say about its aws-chunked body, parsed before the first byte of it.
import { putBytesMax } from '../limits.ts'
import { S3Error } from '../s3-error.ts'
import type { ChunkSigning, PayloadDeclaration } from '../sigv4/signed-request.ts'
import { trailerNamesMax } from './body-limits.ts'

export type AwsChunkedOptions = {
  /** `x-amz-decoded-content-length`: the body must decode to exactly this many bytes. */
  readonly decodedLength: number
  /** Set: every chunk must carry a valid signature, and so must the trailer. */
  readonly signing: ChunkSigning | undefined
  /** `x-amz-trailer`, lower case. Undefined: the payload declares no trailer and none may come. */
  readonly trailerNames: readonly string[] | undefined
}

export type AwsChunkedHeaders = {
  readonly 'x-amz-decoded-content-length': string | undefined
  readonly 'x-amz-trailer': string | undefined
}

/**
 * Undefined when the payload is not aws-chunked. Throws `MissingContentLength` without a decoded
 * length, `InvalidArgument` for one that is no number, `EntityTooLarge` beyond 5 GiB, `InvalidRequest`
 * for trailer names that do not fit the payload declaration.
 */
export function parseAwsChunkedOptions(
  payload: PayloadDeclaration,
  headers: AwsChunkedHeaders,
  signing: ChunkSigning | undefined,
): AwsChunkedOptions | undefined {
  switch (payload.is) {
    case 'sha256':
    case 'unsigned':
      return undefined
    case 'unsignedTrailer':
      return { ...common(headers, true), signing: undefined }
    case 'signedChunks':
      return { ...common(headers, payload.trailer), signing }
    default:
      return payload satisfies never
  }
}

function common(headers: AwsChunkedHeaders, trailer: boolean) {
  return {
    decodedLength: parseDecodedLength(headers['x-amz-decoded-content-length']),
    trailerNames: trailer ? parseTrailerNames(headers['x-amz-trailer'] ?? '') : undefined,
  }
}

function parseDecodedLength(raw: string | undefined): number {
  if (raw === undefined) throw new S3Error('MissingContentLength')
  if (!/^[0-9]{1,15}$/.test(raw)) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'x-amz-decoded-content-length', ArgumentValue: raw },
      { message: 'The value of x-amz-decoded-content-length is not a number of bytes.' },
    )
  }
  const length = Number(raw)
  if (length > putBytesMax) {
    throw new S3Error('EntityTooLarge', {
      ProposedSize: raw,
      MaxSizeAllowed: String(putBytesMax),
    })
  }
  return length
}

function parseTrailerNames(raw: string): readonly string[] {
  const names: string[] = []
  for (const piece of raw.split(',')) {
    const name = piece.trim().toLowerCase()
    if (name === '') continue
    if (
      names.includes(name) ||
      names.length === trailerNamesMax ||
      !/^x-amz-checksum-[a-z0-9]+$/.test(name)
    ) {
      throw new S3Error('InvalidRequest', undefined, {
        message: 'The value specified in the x-amz-trailer header is not supported',
      })
    }
    names.push(name)
  }
  return names
}
