// The header lines of multipart/form-data: the boundary in `Content-Type`, and what stands above a part.
// https://www.rfc-editor.org/rfc/rfc7578
import { isUtf8 } from 'node:buffer'
import { S3Error } from '../s3-error.ts'
import { boundaryCharactersMax } from './body-limits.ts'

/** Throws `RequestIsNotMultiPartContent` for another type, `MalformedPOSTRequest` for a bad boundary. */
export function parseBoundary(contentType: string | undefined): string {
  if (contentType === undefined || !/^multipart\/form-data(?:[\s;]|$)/i.test(contentType)) {
    throw new S3Error('RequestIsNotMultiPartContent')
  }
  const boundary = parseParameters(contentType).get('boundary') ?? ''
  // RFC 2046 section 5.1.1; the trailing space it forbids is trimmed by nobody.
  if (
    boundary.length > boundaryCharactersMax ||
    !/^[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary)
  ) {
    throw new S3Error('MalformedPOSTRequest')
  }
  return boundary
}

export type PartHeaders = {
  readonly name: string
  readonly fileName: string | undefined
  readonly contentType: string | undefined
}

/** `bytes` are the lines without the blank one. Throws `MalformedPOSTRequest`. */
export function parsePartHeaders(bytes: Buffer): PartHeaders {
  if (!isUtf8(bytes)) throw new S3Error('MalformedPOSTRequest')
  let disposition: string | undefined
  let contentType: string | undefined
  for (const line of bytes.toString('utf8').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) throw new S3Error('MalformedPOSTRequest')
    const header = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (header === 'content-disposition') disposition = value
    if (header === 'content-type') contentType = value
  }
  if (disposition === undefined || !/^form-data(?:[\s;]|$)/i.test(disposition)) {
    throw new S3Error('MalformedPOSTRequest')
  }
  const parameters = parseParameters(disposition)
  const name = parameters.get('name')
  if (name === undefined || name === '') throw new S3Error('MalformedPOSTRequest')
  return { name, fileName: parameters.get('filename'), contentType }
}

// A backslash escapes a quote alone: browsers send the backslashes of paths as they are.
const parameter = /;\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:\\"|[^"])*)"|([^\s;"]*))/g

function parseParameters(header: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, plain = ''] of header.matchAll(parameter)) {
    parameters.set(name.toLowerCase(), quoted?.replaceAll('\\"', '"') ?? plain)
  }
  return parameters
}
